"""The pages around an account, a room for each."""
