"""Which tests `make test` leaves to `make test-all`: it has eight minutes on two cores.

One of each kind stays: of a sweep over moments, widths, faults or engines, the cases that are likeliest to fail. The
others are named here by how their ids begin, and marked `thorough`.
"""

import os
import re
from collections.abc import Iterable

import pytest

# The ids of all tests that were collected, those that are left out too; of a file asked for in part, none.
EVERY_ID = pytest.StashKey[frozenset[str]]()

_OFFLINE = "tests/browser/test_offline.py::test_"
_LOST = "tests/browser/test_lost_answers.py::test_b5_"
_REPLACED = "tests/browser/test_search_lists.py::test_b11_a_sale_never_goes_to_a_client_who_was_replaced*["
_FEEL = "tests/browser/test_desk_feel.py::test_"
_PRINTING = "tests/browser/test_printing.py::test_"
_TAP = "tests/browser/test_every_tap.py::test_"
_WAYS_IN = "tests/browser/test_ways_to_sign_in.py::test_"
_KEYS = "tests/browser/test_keys.py::test_"
_WIDTHS = "tests/browser/test_widths.py::test_"
_PALETTE = "tests/browser/test_palette.py::test_"
_SEARCH = "tests/browser/test_search_lists.py::test_b11_"
_REGISTER = "tests/practice_square/test_screens.py::test_"
_BOMB = "tests/invoices/test_hostile_text.py::test_a_bomb_in_every_field_that_takes_one_ends_in_a_paper["
_SECRETS = "tests/commands/test_secrets.py::test_"
_UPGRADING = "tests/backups/test_upgrading.py::test_"
_FITS = "tests/browser/test_import_screens.py::test_the_columns_of_a_file_fit_every_width_and_read_well["
_SCREENS = "tests/practice_square/test_screens.py::test_no_page_is_wider_than_the_screen_and_every_control_has_a_name["
_LARGE = "tests/invoices/test_large_print.py::test_"
_ONE_PAGE = "tests/invoices/test_course_summary.py::test_an_ordinary_course_stays_on_one_page["
_TYPE = "tests/invoices/test_type.py::test_"
_READ = "tests/invoices/test_reading.py::test_a_screen_reader_reads_what_the_paper_says_in_its_order["
_FEW_LINES = "tests/invoices/test_address_window.py::test_an_invoice_of_a_few_lines_stays_on_one_page["
_FORKED = "tests/commands/test_processes.py::test_forked_children_"
_PLAYED = "tests/torture/test_year.py::test_"
_LISTS = "tests/browser/test_comfort.py::test_a_list_prints_with_the_clinic_and_the_day_and_nothing_to_tap["
_SHUFFLED = "tests/square/test_any_order.py::test_every_event_twice_and_shuffled_gives_the_same_ledger["
_CHARGES = "tests/square/test_charges_sold.py::test_"
_UNLINKED = "tests/square/test_unlinked_sales.py::test_an_amount_typed_at_the_till_is_asked_about_and_opened["
_FAILS = "tests/square/test_trouble.py::test_each_call_may_fail_once_in_each_way["
_DIES = (
    "tests/square/test_any_order.py::test_a_worker_that_always_dies_at_one_step_leaves_all_or_nothing_behind["
)
_SPOKEN = "tests/browser/test_spoken.py::test_"
_WAYS = "tests/square/test_ways.py::test_one_sale_is_one_ledger["
_FILED = "tests/web/test_webhooks.py::test_what_can_not_be_filed_is_refused_in_a_sentence[postgresql-"
_STORED = "tests/configuration/test_live.py::test_"
_PLANTED = "tests/courses/test_any_order.py::test_it_finds_a_planted_bug["
_HOW_MANY = "tests/courses/test_use.py::TestHowMany::test_"
_SAME_KEY = "tests/courses/test_use.py::TestTheSameKey::test_"
_IN_ANY_ORDER = "tests/courses/test_reverse.py::test_in_any_order_the_money_comes_back_to_the_cent"
_BOOK = "tests/courses/test_book.py::"
_WHOSE = "tests/courses/test_attention.py::TestWhoseSaleItWas::test_"
_DUE = "tests/courses/test_due_today.py::test_"
_LEASE = "tests/courses/test_queues.py::TestInbox::test_a_worker_that_died_gives_it_back_after_its_lease"
_WALK = "tests/surfaces/test_walk.py::test_every_surface_says_the_same_of_a_course["
_MATRIX = "tests/square/test_fault_matrix.py::test_a_call_that_fails_changes_nothing_in_the_end["
_AUDIT = "tests/courses/test_audit.py::test_a_"
_TROUBLE = "tests/web/test_errors.py::test_a_client_reads_of_trouble_in_their_language["
_API = "tests/api/test_keys.py::test_"
_NAMES = "tests/api/test_clients.py::test_"

THOROUGH = (
    # Offline: network gone, a restart before what waits is sent, and a locked tablet stay.
    f"{_OFFLINE}a_device_handed_to_a_client_shows_no_page_of_the_desk[agreement",
    f"{_OFFLINE}a_device_handed_to_a_client_shows_no_page_of_the_desk[questions",
    f"{_OFFLINE}it_can_be_installed",
    f"{_OFFLINE}a_lost_answer_costs_no_second_session",
    f"{_OFFLINE}a_new_version_replaces_what_the_old_one_kept",
    f"{_OFFLINE}a_page_that_is_not_kept",
    f"{_OFFLINE}a_tap_waits_while_the_server_has_no_database",
    f"{_OFFLINE}a_server_that_hangs",
    f"{_OFFLINE}locking_a_shared_tablet_without_a_connection",
    f"{_OFFLINE}signing_out_without_a_connection",
    f"{_OFFLINE}the_sign_in_ended_meanwhile",
    f"{_OFFLINE}the_clients_of_today_are_asked_for_once",
    f"{_OFFLINE}two_tablets_offline_on_the_same_last_session",
    f"{_OFFLINE}what_had_no_answer_once_is_sent_again_by_itself",
    f"{_OFFLINE}what_may_have_been_sent",
    f"{_OFFLINE}what_waits_can_be_canceled",
    # Lost answers: one that never arrived stays, and a sale for cash.
    f"{_LOST}a_lost_answer_is_asked_for_again_under_the_same_key",
    f"{_LOST}a_reload_without_an_answer_shows_the_truth_and_keeps_the_key[done",
    f"{_LOST}an_undo_without_an_answer_is_done_once",
    f"{_LOST}the_next_tap_on_the_form_itself_is_the_same_tap",
    f"{_LOST}when_no_answer_comes_at_all",
    "tests/browser/test_lost_answers.py::test_c2_offline_nothing_is_sent_that_can_not_wait",
    "tests/browser/test_lost_answers.py::test_c3_a_server_that_hangs",
    "tests/browser/test_lost_answers.py::test_a_second_tap_that_is_dropped_is_said",
    # The desk: that nothing typed is lost and no charge doubled, on one tablet and on two, stays.
    f"{_FEEL}a_course_of_the_wrong_client_is_moved",
    f"{_FEEL}a_link_to_a_form_leads_into_its_first_field",
    f"{_FEEL}a_paper_opens_beside_the_page",
    f"{_FEEL}a_quiet_page_asks_every_five_seconds",
    f"{_FEEL}letters_typed_into_a_field_are_no_commands",
    f"{_FEEL}the_keyboard_walks_in_reading_order",
    f"{_FEEL}undo_gives_it_back",
    f"{_FEEL}who_says_no_to_a_question",
    f"{_FEEL}one_deed_costs_no_half_typed_other",
    f"{_FEEL}the_day_of_everyone_stays_that_of_everyone",
    f"{_FEEL}visit_details_are_kept_while_others_work",
    f"{_FEEL}what_nobody_is_typing_in_follows_the_other_tablet",
    # A finger on what moves: what another tablet changes, and a tap on what was not there before, stay.
    f"{_FEEL}a_finger_that_is_still_tapping_meets_no_new_button",
    f"{_TAP}a_browser_that_cannot_be_asked",
    f"{_TAP}a_finger_that_moves_is_still_down",
    f"{_TAP}a_list_that_is_answered_waits_for_the_finger",
    f"{_TAP}a_row_is_there_until",
    f"{_TAP}what_stands_where_it_stood_is_tapped_at_once",
    # Ways to sign in: a passkey, and a lock that gives the form back, stay.
    f"{_WAYS_IN}an_answer_to_the_person_before",
    f"{_WAYS_IN}another_person_takes_over_within_the_page",
    f"{_WAYS_IN}each_question_over_a_page_that_stays",
    f"{_WAYS_IN}the_first_owner_begins_with_a_passkey",
    f"{_WAYS_IN}what_is_on_its_way_as_a_device_locks",
    # Keys: that a name typed spends nothing, and that z undoes for a moment only, stay.
    f"{_KEYS}b6_a_key_held_down_is_one_tap",
    f"{_KEYS}b6_the_shortcut_leads_to_the_button",
    f"{_KEYS}b6_undo_is_the_next_stop",
    f"{_KEYS}the_keys_are_listed_and_can_be_switched_off",
    # Where one looks and types: Enter before the answer, and money that is looked at, stay; the camera at the check-in.
    f"{_PALETTE}an_answer_that_comes_late",
    f"{_PALETTE}enter_in_the_list_of_clients",
    f"{_PALETTE}nothing_typed_stays",
    f"{_PALETTE}the_code_of_a_paper_held_before_the_camera",
    f"{_PALETTE}without_a_camera_it_says_so",
    f"{_SEARCH}the_arrow_key_waits",
    f"{_SEARCH}the_new_rows_take_no_tap",
    f"{_SEARCH}the_old_rows_are_gone",
    f"{_SEARCH}the_second_tap_of_a_double_tap",
    f"{_SEARCH}what_is_typed_back",
    "tests/browser/test_accessibility.py::test_axe_finds_nothing_where_courses_have_equal_names",
    "tests/browser/test_comfort.py::test_the_main_button_stands_at_the_hand_that_taps",
    "tests/browser/test_papers_page.py::test_a_sheet_that_is_still_loaded",
    # The practice register: a sale with its refund, the Terminal and the narrowest screen stay.
    f"{_REGISTER}it_works_without_script",
    f"{_REGISTER}the_charge_button_stays_in_sight",
    f"{_REGISTER}typing_narrows_the_list_of_clients",
    f"{_PRINTING}papers_for_many_come_while_one_looks",
    f"{_PRINTING}a_paper_that_does_not_come",
    f"{_PRINTING}where_a_frame_can_not_be_printed",
    f"{_PRINTING}without_scripts",
    "tests/browser/test_codes.py::test_e1_the_payment_code_scans_in_light_and_dark[Invoice",
    # Widths and lists that one sheet of styles lays out: the narrowest, and one of the lists, stay.
    f"{_FITS}can",
    f"{_FITS}ready",
    f"{_FITS}Say which",
    f"{_FITS}Which of these",
    f"{_SCREENS}1024",
    f"{_SCREENS}1440",
    f"{_LISTS}/courses",
    f"{_LISTS}/documents",
    f"{_LISTS}/people",
    f"{_LISTS}/overview",
    f"{_LISTS}/]",
    "tests/browser/test_palette.py::test_acts_and_pages_are_chosen_by_arrow_keys",
    "tests/browser/test_screens.py::test_every_screen_of_the_owner_fits_in_spanish",
    # Of the roles, the owner stays: hardly a kind of element is shown to the others alone.
    *(f"tests/browser/test_screens.py::*[{role}@" for role in ("desk", "kim")),
    f"{_REPLACED}0]",
    f"{_REPLACED}100",
    f"{_REPLACED}200",
    f"{_REPLACED}300",
    "tests/browser/test_search_lists.py::test_b11_so_it_is_where_clients_are_looked_for",
    "tests/browser/test_widths.py::test_c22_",
    "tests/browser/test_widths.py::test_c25_",
    f"{_WIDTHS}a_day_of_a_report_stands_in_one_line",
    f"{_WIDTHS}a_list_beside_another_program",
    f"{_WIDTHS}a_point_between_parts",
    f"{_WIDTHS}c18_what_was_done_is_told_above",
    f"{_WIDTHS}c21_",
    f"{_WIDTHS}each_tab_of_the_reports",
    f"{_WIDTHS}from_1180_px",
    f"{_WIDTHS}numbers_beside_another_program",
    f"{_WIDTHS}packages_to_sell",
    f"{_WIDTHS}the_header_has_two_rows",
    f"{_WIDTHS}the_lists_and_tables_of_an_owner",
    f"{_WIDTHS}the_main_act_of_a_form_is_on_the_first_screen",
    f"{_WIDTHS}ways_to_sort",
    f"{_FEEL}the_clinics_name_fits_on_a_tablet",
    f"{_FEEL}the_main_act_needs_no_scrolling",
    # Other engines of browsers.
    "tests/browser/test_other_engines.py::",
    # What a screen reader says: finding, using and a setting stay.
    f"{_SPOKEN}checking_somebody_in",
    f"{_SPOKEN}editing_and_undoing_an_older_visit",
    f"{_SPOKEN}adding_a_past_visit",
    f"{_SPOKEN}setting_a_first_expiration",
    f"{_SPOKEN}reading_what_is_owed",
    f"{_SPOKEN}refunding",
    f"{_SPOKEN}selling_for_cash",
    # Signed out meanwhile: a tap and another person stay; undone by the key: a session; a long name on a phone.
    "tests/browser/test_signed_out.py::test_c1_a_form_sent_after_the_sign_in_has_ended",
    "tests/browser/test_signed_out.py::test_c1_a_new_sign_in_in_another_tab",
    "tests/browser/test_signed_out.py::test_c1_a_sign_out_in_another_tab",
    "tests/browser/test_signed_out.py::test_where_nothing_is_typed",
    "tests/browser/test_keys.py::test_z_undoes_the_check_in_of_an_arrival_too",
    "tests/browser/test_widths.py::test_c18_the_main_act_is_at_hand_on_a_phone[Grace",
    # Upgrades: killed once as it copies, and once as it migrates.
    f"{_UPGRADING}a_downgrade_keeps_the_data_and_goes_no_further_than_tested",
    f"{_UPGRADING}commands_ask_for_the_upgrade",
    f"{_UPGRADING}a_failed_audit_puts_the_copy_back",
    f"{_UPGRADING}a_migration_that_fails_leaves_the_database_as_it_was[postgresql",
    f"{_UPGRADING}an_older_database_is_brought_up_with_all_that_is_in_it[postgresql",
    f"{_UPGRADING}killed_at_any_step_the_next_start_recovers[audited",
    f"{_UPGRADING}killed_at_any_step_the_next_start_recovers[begun",
    f"{_UPGRADING}killed_at_any_step_the_next_start_recovers[done",
    f"{_UPGRADING}killed_at_any_step_the_next_start_recovers[journal",
    "tests/backups/test_drill.py::test_a_copy_of_an_older_version_is_migrated",
    "tests/backups/test_drill.py::test_an_empty_machine_becomes_the_clinic_again[postgresql",
    "tests/project/test_base.py::test_a_database_comes_migrated_and_by_itself[postgresql",
    "tests/backups/test_drill.py::test_where_no_database_may_be_created",
    "tests/store/test_migrations.py::*[postgresql",
    # The second engine: locks, keys, uses, bookings, guards and queues stay; each of its databases is migrated.
    "tests/alarms/*[postgresql",
    "tests/api/test_walk.py::*[postgresql",
    "tests/budgets/*[postgresql",
    "tests/courses/documents/*[postgresql",
    "tests/courses/lists/test_listing.py::*[postgresql",
    "tests/courses/test_activity.py::*[postgresql",
    "tests/courses/test_audit.py::test_it_finds_each_tampering[postgresql",
    "tests/courses/test_clients.py::*[postgresql",
    "tests/courses/test_progress.py::*[postgresql",
    "tests/courses/test_state.py::*[postgresql",
    "tests/courses/test_totals.py::test_uses_follow_the_practitioner_whom_their_visit_names[postgresql",
    # Where the query of a clean audit runs, so does that of one which finds something.
    f"{_AUDIT}wrong_sum*[postgresql",
    f"{_AUDIT}wrong_balance*[postgresql",
    f"{_AUDIT}client_who*[postgresql",
    # Threads race there as processes do: each has a connection of its own.
    "tests/courses/test_races.py::test_eight_processes_are_granted_what_was_sold[postgresql",
    # States of which every surface speaks as of any course that is open and paid: half used, imported and refunded in
    # part stay, and all that are spoken of in words of their own.
    *(
        f"{_WALK}{state}]"
        for state in (
            *("new", "gift_redeemed", "shared", "transferred_in", "exchanged_into", "touch_ups_closed"),
            *("used_then_undone", "entered_late", "refund_asked_about"),
            *("disputed", "no_show_charged", "free"),
        )
    ),
    # Which session, how many and who the buyer is are decided by rows that were read: the first of each kind, keys,
    # races, NUL and the signs of a search stay.
    "tests/courses/test_use.py::TestWhichSession::*[postgresql",
    f"{_HOW_MANY}up_to_the_last_one_can_be_used[postgresql",
    f"{_HOW_MANY}one_too_many_is_refused_and_takes_none[postgresql",
    f"{_HOW_MANY}none_left_says_so[postgresql",
    *(
        f"{_SAME_KEY}another_wish_under_it_is_refused[postgresql-{{'{wish}"
        for wish in ("focus", "note", "visit")
    ),
    *(f"{_IN_ANY_ORDER}[postgresql-({order}" for order in ("0, 2", "1", "2, 0")),
    "tests/courses/test_reverse.py::test_an_entry_that_is_not_there_is_not_found[postgresql",
    *(f"{_BOOK}test_a_line_of_several*[postgresql-{line}" for line in ("1-", "2-", "3-100", "3-2-")),
    f"{_BOOK}test_up_to_a_hundred_courses_are_believed[postgresql-99",
    f"{_BOOK}TestForeignCurrency::test_it_can_be_left_closed[postgresql",
    f"{_BOOK}TestForeignCurrency::test_opened_without_a_buyer*[postgresql",
    f"{_BOOK}TestForeignCurrency::test_a_question_that_kept_no_line_says_so[postgresql",
    f"{_BOOK}TestWhoTheBuyerIs::test_a_buyer_without_particulars*[postgresql",
    f"{_BOOK}TestWhoTheBuyerIs::test_a_merge_moves_every_course_and_visit[postgresql-CUSTOMER-BEA",
    f"{_BOOK}TestWhoTheBuyerIs::test_a_merge_moves_every_course_and_visit[postgresql-CUSTOMER-NEW",
    f"{_BOOK}TestWhoTheBuyerIs::test_two_who_fit_equally_are_nobody[postgresql",
    f"{_WHOSE}it_is_not_moved_to_whom_it_belongs[postgresql",
    f"{_WHOSE}a_refunded_course_is_not_moved[postgresql",
    f"{_WHOSE}a_practitioner_moves_nothing[postgresql",
    f"{_WHOSE}it_wants_a_client_that_is_there[postgresql",
    "tests/courses/test_attention.py::test_an_item_that_is_not_there_is_not_found[postgresql",
    f"{_DUE}a_balance_is_due_from_its_day_on[postgresql--30",
    f"{_DUE}a_balance_is_due_from_its_day_on[postgresql-1",
    *(f"{_DUE}a_course_is_shown*[postgresql-{days}" for days in ("8", "0", "-1")),
    *(f"{_LEASE}[postgresql-{seconds}" for seconds in ("29", "31")),
    *(f"{_API}another_body_under_the_key_is_refused[postgresql-body{body}" for body in (1, 2)),
    *(f"{_NAMES}names_of_every_script*[postgresql-{name}" for name in ("Nguy", "O'Neil")),
    *(f"{_NAMES}the_longest_names_fit_the_database[postgresql-name{name}" for name in (0, 2)),
    *(f"{_NAMES}a_search_takes_every_sign_as_it_is[postgresql-{sign}" for sign in ("zzz", "q5", "()")),
    "tests/stories/*[postgresql",
    # What is refused before any database is asked: NUL and halves of a character, which PostgreSQL takes for itself,
    # stay; so do the bounds that the ledger's triggers hold too.
    "tests/web/test_webhooks.py::test_what_square_did_not_sign_is_refused[postgresql",
    "tests/web/test_webhooks.py::test_ten_megabytes_are_too_much[postgresql",
    "tests/web/test_webhooks.py::test_a_browser_finds_nothing_there[postgresql",
    *(f"{_FILED}{body}" for body in ("{]", "[]", '"text', "{}", '{"event_id": ""', '{"event_id": 7', "body")),
    *(f"{_FILED}{body}" for body in ('{"event_id": "e"}', '{"event_id": "e", "type": null')),
    *(
        f"{_STORED}bad_input_gets_the_sentence_of_a_wrong_environment_and_nothing_is_written[postgresql-{name}"
        for name in ("public_url", "square", "retention_days", "mail_url", "mail_from-nobody")
    ),
    f"{_STORED}what_only_the_server_sets_is_never_stored[postgresql",
    f"{_STORED}a_stored_value_that_is_no_longer_valid_counts_as_unset_and_is_reported[postgresql-public_url",
    f"{_STORED}a_stored_value_that_is_no_longer_valid_counts_as_unset_and_is_reported[postgresql-retention_days-m",
    f"{_STORED}a_stored_value_that_is_no_longer_valid_counts_as_unset_and_is_reported[postgresql-square",
    "tests/courses/test_use.py::TestWhen::*[postgresql",
    "tests/courses/test_use.py::TestWhatCanNotBeUsed::*[postgresql",
    "tests/courses/test_use.py::TestTheVisit::*[postgresql",
    "tests/courses/test_book.py::TestWhoTheBuyerIs::test_less_than_that_makes_a_client_of_its_own[postgresql",
    "tests/courses/test_book.py::test_what_is_no_package_is_passed_over[postgresql",
    "tests/courses/test_book.py::test_a_sale_without_lines_opens_nothing[postgresql",
    # Searches at random: of each kind one bug is planted, and each rule of the refunds is searched once.
    "tests/courses/test_any_order.py::test_the_ledger_holds_in_any_order[on_postgresql",
    f"{_SHUFFLED}sqlite-2",
    f"{_SHUFFLED}postgresql-3",
    f"{_PLANTED}Changing-LeavesTheValueOfWhatIsWrittenOff",
    f"{_PLANTED}Changing-PaysForGoodwill",
    f"{_PLANTED}Changing-CarriesACentMore",
    f"{_PLANTED}Changing-UsesWhatIsFrozen",
    f"{_PLANTED}Refunding-ForgetsItsKeys",
    f"{_PLANTED}Refunding-BelievesARefundTwice",
    f"{_PLANTED}Refunding-LeavesSessionsBehind",
    f"{_PLANTED}Refunding-OpensASaleAgain",
    f"{_PLANTED}Refunding-TakesARoundValue",
    f"{_PLANTED}Refunding-UndoesOnlyTheSession",
    f"{_PLANTED}Refunding-UndoesTwice",
    "tests/courses/test_refund_properties.py::test_payments_told_one_by_one_or_together_make_the_same_tax",
    "tests/courses/test_refund_properties.py::test_refunds_bit_by_bit",
    "tests/courses/test_totals.py::test_any_history_reads_the_same_from_the_totals",
    "tests/torture/test_short.py::test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed",
    "tests/torture/test_short.py::test_a_storm_of_webhooks_leaves_the_same_ledger",
    "tests/torture/test_year.py::test_one_seed_replays_the_same_day",
    "tests/torture/test_year.py::test_a_credit_that_goes_to_the_wrong_treatment_is_found",
    "tests/torture/test_year.py::test_one_session_too_many_left_by_a_canceled_invoice_is_found",
    # Of what is planted in a year, a use counted twice stays.
    f"{_PLAYED}a_cent_too_much_is_found",
    f"{_PLAYED}a_letter_that_never_went_out_is_found",
    f"{_PLAYED}a_refund_that_nobody_hears_of_is_found",
    f"{_PLAYED}an_upgrade_that_loses_what_waited_is_found",
    "tests/torture/test_machine.py::test_commits_that_are_not_synced_are_noticed",
    "tests/torture/test_machine.py::test_work_that_waits_for_the_time_of_a_wrong_clock_is_noticed",
    "tests/courses/test_tampering.py::test_the_audit_finds_each_kind_on_postgresql",
    "tests/torture/test_short.py::test_keys_that_change_with_each_start_are_noticed",
    # That the clinic of the benchmark is like one that was lived in: it is measured by hand.
    "tests/bench/test_short.py::test_a_large_clinic_is_as_the_program_would_have_written_it",
    # Charges on a line and on the order: each once with its tax; a split over the lines is in the price alone.
    f"{_CHARGES}a_course_costs*charge*tax1]",
    f"{_CHARGES}its_invoice_adds_up*apportioned]",
    f"{_CHARGES}its_line_given_back*apportioned]",
    f"{_CHARGES}all_of_its_money*apportioned]",
    # Shuffled and swept stay for every way; each twice and backwards where a sale has more than one payment, and on a
    # Terminal.
    *(
        f"{_WAYS}{way}-{order}"
        for way in ("till, card", "till, cash", "till, offline", "cash", "other", "link", "invoice")
        for order in ("each twice", "all twice")
    ),
    # The look-alike by its name, by its number and by its price, once told and once found.
    f"{_UNLINKED}FACIAL",
    f"{_UNLINKED}12 facials-198000-found",
    f"{_UNLINKED}Custom Amount-198000-told",
    # The order fails in all ways, the other two calls by an error and by a connection that is cut.
    *(
        f"{_FAILS}GET /v2/{call}-{fault}"
        for call in ("payments", "customers")
        for fault in ("4", "503", "garbage")
    ),
    f"{_DIES}postgresql-claimed",
    f"{_DIES}postgresql-fetched",
    f"{_DIES}postgresql-finished",
    # A refund is met again after any failure; the connection that is cut stays on PostgreSQL.
    "tests/square/test_trouble.py::test_a_refund_met_while_square_fails_is_applied_later[postgresql-500",
    "tests/square/test_trouble.py::test_a_refund_met_while_square_fails_is_applied_later[postgresql-garbage",
    # One sentence in three languages on five pages: all of Chinese stay, and the shop and a link in the others.
    *(
        f"{_TROUBLE}{language}*-/{page}"
        for language in ("es", "fr")
        for page in ("my/nobody/tip", "quote", "agree")
    ),
    # Answers that are lost stay for each way to pay, all other faults for an invoice, which makes the most calls.
    *(
        f"{_MATRIX}{way}-{fault}"
        for way in (
            "cash",
            "terminal",
            "terminal, called off",
            "link",
            "link, called off",
            "invoice, called off",
        )
        for fault in (2, 4)
    ),
    # Faults of Square in each call: that a call fails stays, answers that are less kind are here.
    "tests/square/test_fault_matrix.py::test_less_kind_answers_change_nothing_in_the_end",
    "tests/square/test_variants.py::test_a_busy_day_ends_in_one_ledger",
    "tests/invoices/test_hostile_text.py::test_a_bomb_in_every_visit_and_as_a_name",
    # The installed wheel answers and shows its pages; that it has every file, fonts too, is in test_packaging.
    "tests/project/test_wheel.py::test_it_prints_a_paper_through_the_interface",
    "tests/deploy/test_install.py::test_a_version_before_that_does_not_answer_either_is_not_said_to_run[]",
    # Secrets: an empty folder, the next start and one file of nonsense stay.
    f"{_SECRETS}a_database_without_data_gets_new_ones",
    f"{_SECRETS}a_file_of_nonsense_is_never_replaced[content2",
    f"{_SECRETS}a_file_of_nonsense_is_never_replaced[content3",
    f"{_SECRETS}processes_that_start_at_once",
    f"{_SECRETS}the_environment_wins",
    "tests/web/test_guides.py::test_a_guide_is_two_pages",
    # In Spanish, which looks as English does, the summary, the invoice and the agreement stay; all papers in Chinese.
    *(
        f"tests/invoices/*[{paper}-spanish"
        for paper in (
            *("aftercare-facial", "aftercare-touch-up", "aftercare-led", "aftercare-general", "help-card"),
            *("planner", "next-visit", "welcome", "credit-note", "statement-all", "statement", "prepaid"),
            *("receipt", "voucher", "voucher-letter", "poster", "quote", "month", "year-end"),
        )
    ),
    # In large print the Spanish words on Letter paper, the shortest, stay, and the fullest summaries.
    *(f"{_LARGE}a_sheet_takes_one_leaf_in_every_language[{case}" for case in ("-aft", "-wel", "-chinese")),
    *(
        f"{_LARGE}{kind}*-a4]"
        for kind in (
            "a_sheet_takes_one_leaf_in_every_language[",
            "a_summary_of_a_course_of_twelve_takes_one_leaf[",
            "a_summary_of_some_visits_and_an_agreement_take_one_leaf[",
        )
    ),
    f"{_LARGE}a_summary_of_a_course_of_twelve_takes_one_leaf[summary-8-",
    f"{_LARGE}a_summary_of_some_visits_and_an_agreement_take_one_leaf[summary-letter",
    f"{_LARGE}a_summary_of_some_visits_and_an_agreement_take_one_leaf[summary-chinese",
    f"{_LARGE}the_contact_lines_of_a_sheet_are_never_alone_on_its_last_page[*-]",
    f"{_LARGE}the_contact_lines_of_a_sheet_are_never_alone_on_its_last_page[*--chinese]",
    *(f"{_LARGE}the_visits_of_a_summary_are_not_cut_for_two_of_them[{visits}]" for visits in (5, 7)),
    # On A4, which is longer, the courses with the most visits and the longest names stay.
    *(
        f"{_ONE_PAGE}summary-{state}-a4"
        for state in (
            *(
                "0-of-12",
                "chinese",
                "exchanged",
                "exchanged-into",
                "expired",
                "expired-written-off",
                "finished",
            ),
            *(
                "first-use",
                "gift",
                "gift-waiting",
                "logo",
                "no-show",
                "on-hold",
                "part-paid",
                "part-paid-used",
            ),
            *("received", "refunded", "transferred", "written-off"),
        )
    ),
    # On Letter, which is shorter, also those with a line more than an ordinary course.
    *(
        f"{_ONE_PAGE}summary-{state}-letter"
        for state in (
            *("0-of-12", "chinese", "exchanged", "finished", "first-use", "gift", "logo", "names"),
            *("no-show", "received", "spanish", "transferred"),
        )
    ),
    # What a screen reader reads: of each paper one, its Chinese, large or longest form, and all that adds words, stay.
    *(
        f"{_READ}{paper}]"
        for paper in (
            *("aftercare-general", "aftercare-general-chinese", "aftercare-led", "aftercare-led-chinese"),
            *("aftercare-logo", "aftercare-touch-up", "aftercare-touch-up-chinese", "agreement-spanish"),
            *("guide-desk-spanish", "guide-owner-spanish", "invoice-spanish", "month-running"),
            *("statement-all-chinese", "statement-all-large", "summary-0-of-12", "summary-exchanged"),
            *("summary-finished", "summary-first-use", "summary-gift", "summary-logo", "summary-names"),
            *("summary-received", "summary-spanish", "summary-transferred", "voucher-bare"),
            *("voucher-letter-window", "voucher-logo", "voucher-window"),
        )
    ),
    f"{_FEW_LINES}invoice-spanish",
    f"{_FEW_LINES}invoice-window",
    # A parent that keeps what it has loaded is that of `demo`; that of `serve` lets go.
    f"{_FORKED}start_fall_and_end_as_others_do[stays",
    f"{_FORKED}end_with_their_parent[2-stays",
    f"{_FORKED}end_with_their_parent[15-stays",
    "tests/invoices/test_workers.py::test_without_harfbuzz_s_cutting",
    *(
        f"{_TYPE}a_course_of_twelve_with_notes_of_two_lines_stays_on_one_page[{visits}-"
        for visits in (1, 4, 7)
    ),
    f"{_TYPE}a_planner_of_ten_visits_is_one_page_in_twelve_points[a4-",
    f"{_TYPE}an_agreement_is_signed_below_its_terms[*-a4]",
    "tests/invoices/test_verapdf.py::test_a_paper_cut_off_halfway",
    # Hostile text: the summary, the invoice and the agreement stay.
    *(
        f"{_BOMB}{paper}]"
        for paper in ("aftercare-facial", "credit-note", "month", "planner", "prepaid", "quote")
    ),
    *(f"{_BOMB}{paper}]" for paper in ("receipt", "statement", "voucher", "welcome")),
    "tests/commands/test_ports.py::test_a_port_lost_after_it_was_looked_at",
    "tests/commands/test_ports.py::test_an_address_this_machine_has_not",
    "tests/commands/test_ports.py::test_serving_on_a_port_in_use_is_one_sentence_and_exit_code_1[w",
    "tests/commands/test_ports.py::test_the_demo_says_which_of_its_ports_is_taken_and_keeps_its_data[--till",
    "tests/commands/test_ports.py::test_the_demo_wants_two_ports",
)


def examples(few: int, every: int) -> int:
    """Return how many examples a property is tried on: few in `make test`, every one in `make test-all`."""
    return every if os.environ.get("EVERY_EXAMPLE") else few


def of_whole_files(nodeids: Iterable[str], asked_for: Iterable[str]) -> frozenset[str]:
    """Return the ids of those files of which pytest was not asked for single tests (`file::test`)."""
    in_part = [file for file, single, _test in (each.partition("::") for each in asked_for) if single]
    files = {nodeid: nodeid.partition("::")[0] for nodeid in nodeids}
    return frozenset(
        nodeid
        for nodeid, file in files.items()
        # Asked for from the root or by the whole path, or from a folder below the root.
        if not any(part.endswith(file) or file.endswith(part) for part in in_part)
    )


def is_named(nodeid: str, name: str) -> bool:
    """Return whether one of the names above is that of the test."""
    return re.match(_pattern(name), nodeid) is not None


def is_thorough(nodeid: str) -> bool:
    """Return whether `make test` leaves the test out."""
    return _ANY.match(nodeid) is not None


def _pattern(name: str) -> str:
    return re.escape(name).replace(r"\*", ".*")


_ANY = re.compile("|".join(map(_pattern, THOROUGH)))
