"""What somebody in the house may try, and which tests show that it fails: each named must be there."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parent.parent

ATTACKS: Final = {
    "a second key of one's own rates one's own search": (
        "governance/examination/test_sheets.py::test_a_second_key_of_the_same_person_gets_no_sheet_of_the_own_search",
        "governance/examination/test_sheets.py::test_who_works_on_the_case_gets_no_sheet_of_it",
        "governance/examination/test_rules.py::test_who_rates_the_own_search_shows",
    ),
    "who administers trains, approves or promotes themself, or dates something back": (
        "governance/test_people.py::test_an_administrator_gives_others_roles_and_nobody_gives_them_to_themself",
        "governance/test_people.py::test_a_training_is_recorded_by_somebody_else",
        "governance/authorizations/test_store.py::test_whoever_asked_enters_no_document",
        "governance/authorizations/test_store.py::test_a_warrant_that_is_older_than_its_entry_allows_nothing_from_before_it",
        "governance/privacy/test_consents.py::test_a_consent_is_not_recorded_before_it_is_given_nor_after_its_end",
    ),
    "AssociateFaces and IndexFaces as an oracle; thresholds tried one by one; a placeholder fed back": (
        "governance/examination/test_placeholders.py::test_the_oracle_of_a_user_is_closed",
        "governance/examination/test_placeholders.py::test_the_same_search_answers_the_same_review_whatever_its_threshold",
        "governance/examination/test_placeholders.py::test_a_placeholder_s_face_is_nobody_s",
        "governance/test_responsibility.py::test_who_enrols_does_not_search_and_who_searches_does_not_enrol",
    ),
    "what is served before the rating is searched for score, id and name, and sizes and times compared": (
        "governance/examination/test_lookalikes.py::test_the_answer_to_a_search_is_the_same_in_shape_size_and_headers",
        "governance/examination/test_lookalikes.py::test_the_sheets_are_the_same_but_for_their_pictures",
        "governance/examination/test_lookalikes.py::test_a_look_alike_takes_as_long_as_a_stranger",
        "governance/examination/test_sheets.py::test_nothing_that_is_served_before_the_rating_tells_more_than_faces",
        "governance/examination/test_sheets.py::test_served_pictures_are_alike_in_size_and_hold_nothing_but_pixels",
        "governance/examination/test_sheets.py::test_the_order_of_a_sheet_differs_between_reviewers",
    ),
    "a case that is unsigned, another's or closed; a case's key after its hours": (
        "clients/test_strict_clients.py::test_a_header_that_was_added_behind_the_signature_is_refused",
        "governance/test_responsibility.py::test_the_case_of_others_is_as_good_as_none",
        "governance/test_responsibility.py::test_nothing_is_searched_on_a_closed_case",
        "governance/test_responsibility.py::test_a_key_for_a_case_ends_with_its_hours",
    ),
    "a collection deleted and made anew, a tag that resembles the rule, a copy that is called general": (
        "video/jobs/test_authorized.py::test_a_collection_that_is_made_anew_is_another",
        "governance/test_purpose.py::test_a_tag_that_only_looks_like_a_rule_is_refused",
        "governance/test_site_purpose.py::test_a_gallery_that_is_copied_as_general_is_searched_under_the_strict_rules_all_the_same",
    ),
    "results of a job by another key, after a refusal, after a worker slept through the lapse": (
        "video/jobs/test_authorized.py::test_results_are_for_the_case_s_people_alone_whatever_the_collection_is_for_by_then",
        "video/jobs/test_authorized.py::test_what_was_found_is_erased_with_a_record_and_nobody_reads_it",
        "video/jobs/test_authorized.py::test_a_worker_that_slept_until_its_authorization_was_over_keeps_nothing",
    ),
    "the clock is set back": (
        "governance/test_site_purpose.py::test_a_clock_that_was_set_back_searches_nothing",
        "video/jobs/test_authorized.py::test_an_authorization_that_has_lapsed_stays_so_though_the_clock_is_set_back",
    ),
    "rows are changed, inserted, deleted; the log is cut or chained anew, a day's root replaced": (
        "governance/proof/test_verification.py::test_what_was_changed_is_named",
        "governance/proof/test_verification.py::test_a_log_that_was_chained_anew_does_not_fit_its_seals",
        "governance/proof/test_verification.py::test_a_day_that_was_sealed_anew_is_not_the_one_that_the_log_tells_of",
        "governance/proof/test_timestamps.py::test_verifying_the_log_checks_every_time_stamp",
        "governance/rules/test_rules.py::test_a_row_that_no_record_explains_is_reported",
        "governance/rules/test_rules.py::test_a_log_that_was_cut_does_not_hold_a_hash_that_was_kept",
    ),
    "an old backup is restored": (
        "governance/authorizations/test_restoring.py::test_what_was_revoked_or_refused_since_the_backup_stays_so",
        "governance/authorizations/test_restoring.py::test_an_exigency_whose_hours_are_over_has_lapsed_in_the_backup_too",
        "governance/privacy/test_consents.py::test_a_restored_backup_makes_no_withdrawn_consent_valid_again",
    ),
    "a bystander in the picture of somebody who agreed; somebody who withdrew is enrolled again": (
        "governance/privacy/test_consents.py::test_a_bystander_in_the_picture_is_never_enrolled",
        "governance/privacy/test_consents.py::test_who_has_withdrawn_is_not_enrolled_again",
    ),
    "two reviewers race for a sheet, rate twice, are suspended with one open": (
        "governance/examination/test_sheets.py::test_of_two_who_race_for_one_sheet_one_wins",
        "governance/examination/test_sheets.py::test_nobody_rates_twice",
        "governance/examination/test_sheets.py::test_a_suspended_reviewer_s_session_is_over",
    ),
    "a script rates with a key": (
        "governance/examination/test_sheets.py::test_a_script_with_a_key_gets_no_sheet_and_rates_nothing",
    ),
    "floods of feedback, erasure in another's name, codes that are guessed": (
        "governance/privacy/test_feedback.py::test_an_address_sends_five_a_day_and_others_go_on",
        "governance/privacy/test_feedback.py::test_a_stranger_s_word_erases_nothing",
        "governance/privacy/test_feedback.py::test_what_is_sent_is_read_with_its_code_alone",
        "governance/privacy/test_erasures.py::test_receipts_are_not_found_by_guessing",
    ),
    "a report that says other than the log; small counts computed from the others": (
        "governance/test_reports.py::test_the_totals_of_a_report_are_those_of_a_recount_of_the_log",
        "governance/test_reports.py::test_no_small_count_can_be_computed_from_the_others_and_the_sum",
    ),
    "responsible use that an unmodified client under general would notice": (
        "governance/examination/test_placeholders.py::test_a_general_answer_has_no_headers",
        "clients/test_reviewed_clients.py::test_a_general_search_has_neither_header",
    ),
}
"""The sixteen, and the tests that try each."""


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_is_tried_by_tests_that_there_are(attack: str) -> None:
    for named in ATTACKS[attack]:
        file, name = named.split("::")
        tree = ast.parse((TESTS / file).read_text("utf-8"))
        assert name in {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}, named
