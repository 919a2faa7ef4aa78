"""What users teach Regard by pictures of their own: labels that are fitted on the features of a network whose
weights stay as they are. NumPy alone; a minute's work on one core.
"""
