"""What the command about evidence does and says."""
