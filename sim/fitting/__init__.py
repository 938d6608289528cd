"""What the record says about the numbers of a scenario: likelihood, counts, simulation, and checks of all three."""
