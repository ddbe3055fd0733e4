"""What requests cost: prices, estimates before asking, and forecasts."""
