"""What a request to Discord holds: JSON, or a form whose part `payload_json` is that and whose other parts are files."""

import json
from typing import Any

from aiohttp import web

Uploads = list[tuple[str, bytes]]
"""The name and the bytes of each file, in their order."""


async def body_of(request: web.Request, uploads: Uploads) -> Any:
    """The JSON of a request, None where it has none; its files are added to `uploads`.

    Every file must be spoken of in `attachments`, as Discord insists (developer documentation, Uploading Files).
    """
    if not request.content_type.startswith("multipart/"):
        return await request.json() if request.can_read_body else None
    form = await request.post()
    files = {name: part for name, part in form.items() if isinstance(part, web.FileField)}
    uploads += [(part.filename, part.file.read()) for part in files.values()]
    body = json.loads(str(form["payload_json"]))
    spoken_of = {
        f"files[{one['id']}]" for one in body.get("attachments", body.get("data", {}).get("attachments", []))
    }
    assert set(files) <= spoken_of, (set(files), spoken_of)
    return body
