"""What the front door hands out, one file a capability; each joins several rooms and none of them imports `app`."""
