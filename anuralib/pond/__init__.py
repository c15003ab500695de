"""The simulated pond: how calls, weather and nights are made."""
