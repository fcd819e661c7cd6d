"""Brokers: who takes the orders, fills them and keeps the account."""
