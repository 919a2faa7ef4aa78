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
