"""Back-tests: a scenario's forecasts from many days of a recorded series, scored beside simple forecasters."""
