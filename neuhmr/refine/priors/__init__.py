"""What is known of people and places before any picture is looked at."""
