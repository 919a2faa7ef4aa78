"""Fine-tuning: networks of the pack that are trained on what users label. What needs PyTorch
(`regard[train]`) is in modules whose names begin with `torch_`; only the training in a worker imports these.
"""
