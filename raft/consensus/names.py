"""How servers are called."""

# Replicas are named by short strings such as "n1".
NodeId = str
