"""Who may open what, and the headers of each answer: every address of the application, by role.

A new address must be added here.
"""

from collections.abc import Mapping
from inspect import signature

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from plugin import create_app
from plugin.core.acts import Role
from plugin.services import Services
from tests.applications import SharedApplication
from tests.web.conftest import signed_in
from tests.web.headers import missing_headers
from tests.web.visitor import Visitor, hire

ANYBODY = frozenset({"nobody", *Role})
DESK = frozenset({Role.OWNER, Role.DESK})
STAFF = frozenset(Role)
OWNER = frozenset({Role.OWNER})
TREATS = frozenset({Role.OWNER, Role.PRACTITIONER})

# They lead a stranger to the sign-in, and who is signed in away from it.
DOORS = (
    *("lock.show", "lock.enter", "lock.lock", "security.login", "security.logout"),
    *("security.two_factor_token_validation", "security.mf_recovery"),
    *("security.wan_signin", "security.wan_signin_response"),
)

WHO: dict[str, frozenset[str]] = {
    "static": ANYBODY,
    "pages.theme": ANYBODY,
    "security.login": ANYBODY,
    "security.logout": ANYBODY,
    "security.verify": STAFF,
    "security.two_factor_token_validation": ANYBODY,
    "security.mf_recovery": ANYBODY,
    "security.wan_signin": ANYBODY,
    "security.wan_signin_response": ANYBODY,
    "security.wan_verify": STAFF,
    "security.wan_verify_response": STAFF,
    "security.wan_register": STAFF,
    "security.wan_register_response": STAFF,
    "passkeys.remove": STAFF,
    # Closed: pages of our own stand in their place.
    **dict.fromkeys(
        (
            "security.two_factor_setup",
            "security.two_factor_setup_validate",
            "security.two_factor_rescue",
            "security.tf_select",
            "security.mf_recovery_codes",
            "security.wan_delete",
        ),
        OWNER,
    ),
    "arrivals.arrive": STAFF,
    "arrivals.leave": STAFF,
    "walk_ins.find": STAFF,
    "today.choose": frozenset({Role.OWNER, Role.PRACTITIONER}),
    "papers.mail_summary": STAFF,
    "papers.mail_welcome": STAFF,
    "papers.mail_planner": STAFF,
    "papers.planner": STAFF,
    "papers.help_card": STAFF,
    "papers.next_visit": STAFF,
    "plans.show_plan": STAFF,
    "plans.save": STAFF,
    "papers.mail_aftercare": STAFF,
    "papers.mail_document": DESK,
    "papers.mail_statement": DESK,
    "papers.mail_client_statement": DESK,
    "papers.mail_prepaid_balance": DESK,
    "ways.show": STAFF,
    "pins.choose": STAFF,
    "pins.remove": STAFF,
    "pins.declare": DESK,
    "pins.stop": DESK,
    "lock.lock": ANYBODY,
    "lock.awake": STAFF,
    "lock.show": ANYBODY,
    "lock.enter": ANYBODY,
    "authenticator.set_up": STAFF,
    "authenticator.confirm": STAFF,
    "authenticator.remove": STAFF,
    "authenticator.new_codes": STAFF,
    "security.forgot_password": ANYBODY,
    "security.reset_password": ANYBODY,
    "today.show": STAFF,
    "today.news": STAFF,
    "pages.answer": STAFF,
    "pages.script": ANYBODY,
    "offline.manifest": ANYBODY,
    "offline.worker": ANYBODY,
    "offline.show": ANYBODY,
    "pages.styles": ANYBODY,
    "arrivals.use": STAFF,
    "arrivals.miss": STAFF,
    "arrivals.undo": STAFF,
    "arrivals.link": STAFF,
    "palette.find": STAFF,
    "palette.lead": STAFF,
    **dict.fromkeys(("quote.show_quote", "quote.quote_paper", "quote.pay"), ANYBODY),
    **dict.fromkeys(
        (
            "quotes.list_quotes",
            "quotes.make",
            "quotes.show_quote",
            "quotes.print_quote",
            "quotes.mail_quote",
            "quotes.end_quote",
        ),
        DESK,
    ),
    **dict.fromkeys(("agree.show", "agree.pdf", "agree.sign", "my.agreement"), ANYBODY),
    **dict.fromkeys(
        (
            "agreements.of_client",
            "agreements.prepare",
            "agreements.show",
            "agreements.state",
            "agreements.pdf",
            "agreements.hand_over",
            "agreements.send",
            "agreements.sign_on_paper",
            "agreements.mail",
            "agreements.withdraw",
        ),
        DESK,
    ),
    "evidence.save": OWNER,
    "check_in_screens.show_screens": DESK,
    "check_in_screens.start": DESK,
    "check_in_screens.end": DESK,
    "palette.scan": STAFF,
    "clients.find": STAFF,
    "clients.create": STAFF,
    "clients.show": STAFF,
    "clients.news": STAFF,
    "clients.change": STAFF,
    "clients.put": STAFF,
    "directory.find_customers": STAFF,
    "directory.take": STAFF,
    "courses.use": STAFF,
    "courses.undo": STAFF,
    "visits.describe": STAFF,
    "notes.of_visit": STAFF,
    "notes.save_of_visit": STAFF,
    "notes.of_day": STAFF,
    "notes.save_of_day": STAFF,
    "my_day.show_my_day": TREATS,
    "my_day.news": TREATS,
    "own_ratings.show_ratings": TREATS,
    "own_ratings.save_ratings": TREATS,
    "hand_overs.start": STAFF,
    "checks.talk": TREATS,
    "treatment_check.show_check": OWNER,
    "treatment_check.save_check": OWNER,
    "my.answer": ANYBODY,
    "my.wallet_pass": ANYBODY,
    "my.google_wallet": ANYBODY,
    "wallet_trial.test": OWNER,
    "late.receive": STAFF,
    "exchanges.choose": DESK,
    "exchanges.pay": DESK,
    "exchanges.begin": DESK,
    "merges.find": DESK,
    "merges.look": DESK,
    "merges.merge": DESK,
    "merges.undo": DESK,
    "privacy.show": OWNER,
    "privacy.save_json": OWNER,
    "privacy.save_page": OWNER,
    "privacy.choose": OWNER,
    "privacy.erase": OWNER,
    "moves.candidates": DESK,
    "moves.move": DESK,
    "papers.summary": STAFF,
    "papers.welcome": STAFF,
    "papers.aftercare": STAFF,
    "batches.choose": STAFF,
    "batches.find_clients": STAFF,
    "batches.start": STAFF,
    "batches.show_batch": STAFF,
    "batches.news": STAFF,
    "batches.cancel": STAFF,
    "batches.fetch": STAFF,
    "documents.show": DESK,
    "documents.statement": DESK,
    "documents.client_statement": DESK,
    "documents.prepaid_balance": DESK,
    "documents.receipt": DESK,
    "documents.invoice": DESK,
    "documents.voucher": DESK,
    "documents.voucher_letter": DESK,
    "document_list.show": DESK,
    "document_list.save": DESK,
    "letterhead.show": OWNER,
    "letterhead.save": OWNER,
    "letterhead.preview": OWNER,
    "letterhead.try_out": OWNER,
    "letterhead.draw": OWNER,
    "letterhead.send_logo": OWNER,
    "letterhead.take_logo_off": OWNER,
    "letterhead.logo": TREATS,
    "letterhead.number": OWNER,
    "letterhead.make_e_invoices": OWNER,
    "letterhead.offer_next_course": OWNER,
    "texts.show": TREATS,
    "texts.read": TREATS,
    "texts.review": TREATS,
    "texts.suggest": OWNER,
    "texts.edit": OWNER,
    "texts.save": OWNER,
    "texts.restart": OWNER,
    "texts.preview": TREATS,
    "texts.try_out": OWNER,
    "texts.draw": OWNER,
    "looks.shared": TREATS,
    "looks.own": TREATS,
    "looks.font": TREATS,
    "private_pages.show": DESK,
    "private_pages.renew": DESK,
    "private_pages.trust": DESK,
    "my.show": ANYBODY,
    "my.summary": ANYBODY,
    "my.welcome": ANYBODY,
    "my.planner": ANYBODY,
    "my.help_card": ANYBODY,
    "my.calendar": ANYBODY,
    "my.aftercare": ANYBODY,
    "my.document": ANYBODY,
    "tips.show": ANYBODY,
    "tips.give": ANYBODY,
    "tips.follow": ANYBODY,
    "tip_report.show": OWNER,
    "tip_report.save": OWNER,
    "shop.show": ANYBODY,
    "shop.one": ANYBODY,
    "shop.buy": ANYBODY,
    "shop.terms": ANYBODY,
    "shop.order": ANYBODY,
    "public_page.show_shop": OWNER,
    "public_page.poster": OWNER,
    "public_page.offer": OWNER,
    "again.propose": DESK,
    "buy_again.show_offer": ANYBODY,
    "buy_again.buy": ANYBODY,
    "my.statement": ANYBODY,
    "my.prepaid_balance": ANYBODY,
    "mail_choice.ask": ANYBODY,
    "mail_choice.stop": ANYBODY,
    "mail_choice.stop_kind": ANYBODY,
    "letters.show": OWNER,
    "letters.one": OWNER,
    "letters.save": OWNER,
    "letters.switch": OWNER,
    "letters.test": OWNER,
    "client_letters.show": DESK,
    "client_letters.choose": DESK,
    "attention.show": DESK,
    "attention.news": DESK,
    "attention.count": STAFF,
    "attention.candidates": DESK,
    "attention.settle": DESK,
    "attention.settle_with_new_client": DESK,
    "refunds.choose_refund": OWNER,
    "refunds.look_over": OWNER,
    "refunds.refund": OWNER,
    "sell.start": DESK,
    "sell.candidates": DESK,
    "sell.new_client": DESK,
    "sell.begin": DESK,
    "checkouts.show": DESK,
    "checkouts.news": DESK,
    "checkouts.cancel": DESK,
    "checkouts.claim": DESK,
    "checkouts.send": DESK,
    "changes.extend": OWNER,
    "changes.missed": STAFF,
    "changes.freeze": OWNER,
    "changes.thaw": DESK,
    "changes.share": DESK,
    "changes.end_share": DESK,
    "changes.give": DESK,
    "changes.take_gift_back": DESK,
    "changes.transfer": OWNER,
    "changes.adjust": OWNER,
    "changes.goodwill": OWNER,
    "changes.allow": OWNER,
    "changes.write_off": OWNER,
    "changes.undo_write_off": OWNER,
    "changes.visit": STAFF,
    "changes.enter_visit": STAFF,
    "guides.show": STAFF,
    "gifts.start": DESK,
    "gifts.look": DESK,
    "gifts.redeem": DESK,
    "package_preview.show_preview": OWNER,
    "package_preview.try_out": OWNER,
    "packages.change": OWNER,
    "packages.edit": OWNER,
    "packages.put_on_sale": OWNER,
    **dict.fromkeys(
        (
            *("names.show_names", "names.save_typed_names", "visit_lists.show", "visit_lists.add"),
            *("visit_lists.rename", "visit_lists.move", "visit_lists.retire"),
        ),
        OWNER,
    ),
    "packages.show": OWNER,
    "packages.save": OWNER,
    "packages.create": OWNER,
    "packages.publish": OWNER,
    "packages.items": OWNER,
    "packages.link": OWNER,
    "imports.show": OWNER,
    "imports.send": OWNER,
    "imports.save": OWNER,
    "imports.one": OWNER,
    "imports.news": OWNER,
    "imports.say_columns": OWNER,
    "imports.start": OWNER,
    "imports.cancel": OWNER,
    "imports.take_back": OWNER,
    "imports.wrong": OWNER,
    "imports.template": OWNER,
    "course_list.show": OWNER,
    "course_list.save": OWNER,
    "client_list.show": STAFF,
    "client_list.save": OWNER,
    "bulk.choose": OWNER,
    "bulk.extend": OWNER,
    "bulk.print_papers": OWNER,
    "bulk.email": OWNER,
    "bulk.show": OWNER,
    "bulk.news": OWNER,
    "bulk.take": OWNER,
    "saved_views.save": STAFF,
    "saved_views.rename": STAFF,
    "saved_views.delete": STAFF,
    "overview.show": OWNER,
    "overview.save": OWNER,
    "overview.save_months": OWNER,
    "overview.save_owed": OWNER,
    "progress.show": OWNER,
    "progress.save": OWNER,
    "progress.save_figures": OWNER,
    "settings.show": OWNER,
    "settings.page": OWNER,
    "settings.save": OWNER,
    "settings.remove": OWNER,
    "clinic_settings.show": OWNER,
    "clinic_settings.save": OWNER,
    "clinic_settings.save_languages": OWNER,
    "appointment_settings.show": OWNER,
    "appointment_settings.save": OWNER,
    "square_settings.show_settings": OWNER,
    "square_settings.save_token": OWNER,
    "square_settings.save_others": OWNER,
    "email_settings.show": OWNER,
    "email_settings.save": OWNER,
    "email_settings.test": OWNER,
    "email_settings.send_papers": OWNER,
    "activity.show": OWNER,
    "entries.show": OWNER,
    "entries.save": OWNER,
    "activity.save": OWNER,
    "liability.show": OWNER,
    "reserve.show": OWNER,
    "planned_report.show": OWNER,
    "planned_report.save": OWNER,
    "quotes_report.show": OWNER,
    "quotes_report.save": OWNER,
    "agreements_report.show": OWNER,
    "agreements_report.save": OWNER,
    "checks_report.show": OWNER,
    "checks_report.save": OWNER,
    "passes_report.show": OWNER,
    "passes_report.save": OWNER,
    "letters_report.show": OWNER,
    "letters_report.save": OWNER,
    "orders_report.show": OWNER,
    "orders_report.save": OWNER,
    "reserve.save": OWNER,
    "liability.save": OWNER,
    "liability.close": OWNER,
    "journal.show": OWNER,
    "journal.line": OWNER,
    "journal.save_line": OWNER,
    "journal.save": OWNER,
    "journal.accounts": OWNER,
    "journal.save_accounts": OWNER,
    "year_end.show": OWNER,
    "year_end.save": OWNER,
    "year_end.unused": OWNER,
    "year_end.save_unused": OWNER,
    "year_end.save_states": OWNER,
    "usage.show": OWNER,
    "usage.save": OWNER,
    "pay.show_pay": OWNER,
    "pay.sessions": OWNER,
    "pay.save_pay": OWNER,
    "pay.save_sessions": OWNER,
    "people_to_call.show": DESK,
    "people_to_call.save": DESK,
    "month.show": OWNER,
    "month.save": OWNER,
    "backups.show": OWNER,
    "backups.news": OWNER,
    "backups.back_up": OWNER,
    "backups.renew": OWNER,
    "backups.fetch": OWNER,
    "connection.show": OWNER,
    "connection.news": OWNER,
    "connection.connect": OWNER,
    "connection.come_back": OWNER,
    "connection.disconnect": OWNER,
    "connection.check": OWNER,
    "connection.subscribe": OWNER,
    "connection.test": OWNER,
    "connection.look_through": OWNER,
    "connection.show_balances": OWNER,
    "alarms.show": OWNER,
    "alarms.test": OWNER,
    "events.show": OWNER,
    "events.add": OWNER,
    "events.rotate": OWNER,
    "events.end": OWNER,
    "events.test": OWNER,
    "events.again": OWNER,
    "events.span": OWNER,
    "events.save": OWNER,
    "hours.show_hours": OWNER,
    "hours.save_opening_hours": OWNER,
    "first_steps.show": OWNER,
    "first_steps.skip": OWNER,
    "first_steps.hide": OWNER,
    "setup_clinic.show": OWNER,
    "setup_clinic.save": OWNER,
    "setup_packages.show": OWNER,
    "setup_packages.create": OWNER,
    "setup_packages.publish": OWNER,
    "setup_packages.items": OWNER,
    "setup_packages.link": OWNER,
    "setup_protect.show": OWNER,
    "setup_square.show": OWNER,
    "setup_square.connect": OWNER,
    "setup_square.choose": OWNER,
    "setup_square.subscribe": OWNER,
    "setup_mail.show": OWNER,
    "setup_mail.save": OWNER,
    "setup_mail.test": OWNER,
    "setup_staff.show": OWNER,
    "setup_staff.create": OWNER,
    "setup_paper.show": OWNER,
    "setup_paper.pdf": OWNER,
    "staff.show": OWNER,
    "staff.save": OWNER,
    "staff.deactivate": OWNER,
    "staff.reactivate": OWNER,
    "staff.revoke": OWNER,
    "staff.add_token": OWNER,
    "members.new": OWNER,
    "members.create": OWNER,
    "members.show_member": OWNER,
    "members.reset_second_step": OWNER,
    "members.save_member": OWNER,
    "members.renew": OWNER,
    "members.end_invitation": OWNER,
    "members.reset": OWNER,
    "members.sign_out": OWNER,
    "members.sign_out_everywhere": OWNER,
    "account.show": STAFF,
    "account.change_name": STAFF,
    "account.change_email": STAFF,
    "account.confirm_email": STAFF,
    "account.change_language": STAFF,
    "hand.change_hand": STAFF,
    "account.change_password": STAFF,
    "account.sign_out": STAFF,
    "account.sign_out_elsewhere": STAFF,
}
# They look for themselves, and have their own tests: tokens, signatures, and what a watcher may see.
OPEN_BLUEPRINTS = ("api", "health", "metrics", "webhook", "setup", "check_in", "hand_over", "wallet")


OF_PAPERS = ("letterhead", "logo", "text")
OF_STAFF = ("deactivate", "reactivate", "revoke")
OF_SELLING = ("refund", "look over", "sell", "buyer", "cancel", "claim", "letter")


def _is_ours(rule: Rule) -> bool:
    return rule.endpoint.split(".")[0] not in OPEN_BLUEPRINTS


def address_of(rule: Rule, ids: Mapping[str, str]) -> str:
    """Return an address of this route, with "unknown" for what has no id here."""
    address = rule.rule.replace("<path:filename>", "icon.svg")
    for name in rule.arguments:
        for kind in ("", "int:", "path:"):
            address = address.replace(f"<{kind}{name}>", ids.get(name, "unknown"))
    return address


def _without_form_tokens(services: Services) -> Flask:
    app = create_app(services=services)
    # Roles are looked at here; that forms need their token is tested by itself.
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture(scope="module")
def _shared_guarded_app() -> SharedApplication:
    return SharedApplication(_without_form_tokens)


@pytest.fixture
def guarded_app(small_house: Services, _shared_guarded_app: SharedApplication) -> Flask:
    return _shared_guarded_app.serving(small_house)


def test_every_address_has_its_row(small_app: Flask) -> None:
    assert {rule.endpoint for rule in small_app.url_map.iter_rules() if _is_ours(rule)} == set(WHO)


@pytest.mark.parametrize("who", ["nobody", *Role])
def test_only_those_who_may_come_in_and_every_answer_has_its_headers(
    guarded_app: Flask, small_house: Services, who: str
) -> None:
    if who == "nobody":
        # Without any staff every page leads to the set-up.
        hire(small_house, Role.OWNER)
    visitor = Visitor(guarded_app) if who == "nobody" else signed_in(guarded_app, small_house, Role(who))
    for rule in guarded_app.url_map.iter_rules():
        if not _is_ours(rule) or rule.endpoint in DOORS:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = visitor.client.open(address_of(rule, {}), method=method, buffered=True)
            assert is_let_in(answer) == (who in WHO[rule.endpoint]), (
                method,
                rule.rule,
                who,
                answer.status_code,
            )
            missing = missing_headers(guarded_app, answer)
            assert not missing, (method, rule.rule, who, answer.status_code, missing)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_takes_no_sign_in_answers_with_them_too(
    small_app: Flask, small_house: Services, method: str
) -> None:
    """Forms without their token, and methods that an address does not take, too."""
    hire(small_house, Role.OWNER)
    visitor = Visitor(small_app)
    for rule in small_app.url_map.iter_rules():
        if not _is_ours(rule) or rule.endpoint in DOORS:
            answer = visitor.client.open(address_of(rule, {}), method=method, buffered=True)
            missing = missing_headers(small_app, answer)
            assert not missing, (rule.rule, answer.status_code, missing)


def is_let_in(answer: TestResponse) -> bool:
    """Return whether the answer is neither a refusal nor the way to the sign-in."""
    return answer.status_code not in (401, 403) and "/sign-in" not in answer.headers.get("Location", "")


def test_a_view_without_a_rule_is_the_owners_alone(small_house: Services) -> None:
    app = create_app(services=small_house)
    app.add_url_rule("/forgotten", "forgotten", lambda: "inside")
    assert signed_in(app, small_house, Role.DESK).get("/forgotten").status_code == 403
    assert signed_in(app, small_house, Role.OWNER).get("/forgotten").text == "inside"


def test_a_fragment_for_nobody_leads_to_no_page(small_app: Flask) -> None:
    for header in ("HX-Request", "X-Live"):
        answer = Visitor(small_app).get("/today/live", headers={header: "1"})
        assert (answer.status_code, answer.headers.get("Location")) == (401, None)


def test_every_refused_form_has_a_page_that_its_address_can_ask_for(small_app: Flask) -> None:
    asked = 0
    for rule in small_app.url_map.iter_rules():
        page = getattr(small_app.view_functions[rule.endpoint], "refused_shows", None)
        if page is not None:
            takes = signature(page).parameters
            named = {name: each for name, each in takes.items() if each.kind is not each.VAR_KEYWORD}
            needed = {name for name, each in named.items() if each.default is each.empty}
            assert "refusal" in takes, rule
            assert needed - {"refusal"} <= rule.arguments, rule
            asked += 1
    assert asked > 100


@pytest.mark.parametrize(
    "form",
    ["use", "undo", "describe", "move", "create", "settle", "publish", *OF_SELLING, *OF_PAPERS, *OF_STAFF],
)
def test_every_form_needs_its_token(small_app: Flask, small_house: Services, form: str) -> None:
    addresses = {
        "use": "/courses/x/uses",
        "undo": "/entries/x/reversal",
        "describe": "/visits/x/details",
        "move": "/courses/x/client",
        "create": "/clients",
        "settle": "/attention/x/resolution",
        "publish": "/packages/x/publication",
        "import": "/import",
        "undo_import": "/import/x/undo",
        "disconnect": "/square/disconnect",
        "refund": "/courses/x/refunds",
        "look over": "/courses/x/refund",
        "sell": "/sell",
        "buyer": "/sell/clients",
        "cancel": "/checkouts/x/cancel",
        "claim": "/checkouts/x/claim",
        "letter": "/checkouts/x/letter",
        "letterhead": "/clinic/papers",
        "logo": "/clinic/papers/logo",
        "text": "/clinic/papers/texts/x/en",
        "deactivate": "/clinic/staff/x/deactivation",
        "reactivate": "/clinic/staff/x/reactivation",
        "revoke": "/clinic/staff/tokens/x/revocation",
    }
    visitor = signed_in(small_app, small_house, Role.OWNER)
    answer = visitor.client.post(addresses[form], data={"key": "k"})
    assert answer.status_code == 400
    assert "Nothing was written" in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "/entries/none/reversal",
        "/courses/none/uses",
        "/visits/none/details",
        "/bookings/none/uses",
        "/bookings/none/no-show",
        "/bookings/none/reversal",
        "/attention/none/resolution",
        "/courses/none/refunds",
        "/sell",
        "/checkouts/none/cancel",
    ],
)
def test_a_made_up_form_is_refused_in_words(guarded_app: Flask, small_house: Services, address: str) -> None:
    visitor = signed_in(guarded_app, small_house, Role.OWNER)
    answer = visitor.client.post(address, data={"client_id": "none"})
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.text
