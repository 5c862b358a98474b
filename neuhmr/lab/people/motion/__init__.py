"""How synthetic people move."""
