"""Amazon SageMaker hosting for the planner; found through the entry point `sagemaker`."""
