"""Who may see what: the policy file, checked, loaded into Casbin and compiled into permits."""
