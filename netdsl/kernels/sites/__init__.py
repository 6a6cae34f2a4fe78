"""What emitted modules call: functions and a container that run one kernel where they can, and their layers elsewhere."""
