"""What is told: the message that Rekognition publishes when a job has ended."""

from __future__ import annotations

import json

from regard.jobs.records import Job


def completion_message(job: Job) -> str:
    """The JSON text. `Timestamp` is when the job ended, in milliseconds since the epoch."""
    where = job.request["Video"]["S3Object"]
    message = {"JobId": job.job_id, "Status": job.status.value, "API": api_name(job)}
    if job.tag is not None:
        message["JobTag"] = job.tag
    video = {"S3ObjectName": where["Name"], "S3Bucket": where["Bucket"]}
    return json.dumps({**message, "Timestamp": job.finished, "Video": video})


def api_name(job: Job) -> str:
    """`StartFaceSearch` for `start_face_search`."""
    return "".join(word.capitalize() for word in job.operation.split("_"))
