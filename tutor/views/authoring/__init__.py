"""Courses written in the browser: one module a noun. Its addresses are in `urls`, who may is in `access`.

Everything is written through content/authoring; a course that is somebody else's does not exist for the asker.
"""
