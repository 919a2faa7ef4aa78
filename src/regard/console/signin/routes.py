"""Every page of sign-in."""

from __future__ import annotations

from collections.abc import Sequence

from regard.console.page import Page
from regard.console.signin.account_page import AccountPage
from regard.console.signin.doors import SignInDoors
from regard.console.signin.oidc.provider_pages import ProviderPages
from regard.console.signin.pages import SignInPages
from regard.console.signin.welcome_page import WelcomePage


def sign_in_pages(doors: SignInDoors) -> Sequence[Page]:
    """The pages of the doors of one server."""
    made = (SignInPages(doors), WelcomePage(doors), AccountPage(doors))
    provider = () if doors.provider is None else ProviderPages(doors, doors.provider).pages()
    return [*(page for one in made for page in one.pages()), *provider]
