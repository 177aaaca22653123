"""Frozen values that travel between the stages; standard library only.

spec -> workload -> candidates -> decision -> desired state -> change set -> plan
"""
