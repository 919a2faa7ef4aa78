"""Folders of labelled pictures as other tools write them: class folders, COCO, YOLO, Pascal VOC."""
