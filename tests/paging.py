"""All pages of a listing, as a client of AWS reads them."""

from __future__ import annotations

from typing import Any

from botocore.paginate import Paginator, PaginatorModel


def paginated(client: Any, method: str, lists: str, **request: Any) -> list[Any]:
    """Through botocore's own paginator, which ships without these operations' models."""
    rule = {"input_token": "NextToken", "output_token": "NextToken", "limit_key": "MaxResults"}
    model = PaginatorModel({"pagination": {method: rule | {"result_key": lists}}})
    name = client.meta.method_to_api_mapping[method]
    paginator = Paginator(
        getattr(client, method), model.get_paginator(method), client.meta.service_model.operation_model(name)
    )
    return [item for page in paginator.paginate(**request) for item in page[lists]]


def looped(client: Any, method: str, **request: Any) -> list[dict[str, Any]]:
    """The pages, by the loop of the video examples in AWS's guide, whose first token is empty."""
    pages: list[dict[str, Any]] = []
    token, finished = "", False
    while not finished:
        page = getattr(client, method)(**request, NextToken=token)
        pages.append(page)
        token = page.get("NextToken", "")
        finished = "NextToken" not in page
    return pages
