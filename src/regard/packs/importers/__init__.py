"""Each importer turns weights as their authors publish them into ONNX, without running their code."""
