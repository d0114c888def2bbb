"""What a stack needs of its accounts: quotas, services, permissions, money. Computed from the plan alone."""
