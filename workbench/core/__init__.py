"""The session and its threads: state, verbs, stages, jobs. Knows neither torch nor drawing."""
