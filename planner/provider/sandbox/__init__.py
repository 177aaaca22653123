"""A kit for authors of sandboxes: time, faults, recorded calls, state, control paths, serving.

What is imported from here needs starlette and uvicorn; a provider imports it when its sandbox is
asked for, never before.
"""
