"""Networks that packages of the Python index ship with their weights, exported and checked as their users have them."""
