"""What the pages say of each setting. Every field of `Settings` is declared here; a test compares."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

from plugin.settings import Settings
from plugin.wording import N_


class Group(StrEnum):
    """A page of settings."""

    CLINIC = "clinic"
    CHECK_IN = "check_in"
    APPOINTMENTS = "appointments"
    ANSWERS = "answers"
    WALLET = "wallet"
    AGREEMENTS = "agreements"
    SQUARE = "square"
    EMAIL = "email"
    LETTERS = "letters"
    ONLINE = "online"
    RETENTION = "retention"
    BACKUPS = "backups"
    ALARMS = "alarms"
    ADVANCED = "advanced"


@dataclass(frozen=True, slots=True)
class Declaration:
    """How a setting is shown; `is_editable`: whether it may be stored in the database and changed in the browser."""

    group: Group
    label: str
    hint: str = ""
    is_editable: bool = True


def _of_server(label: str, hint: str) -> Declaration:
    return Declaration(Group.ADVANCED, label, hint, is_editable=False)


DECLARED: dict[str, Declaration] = {
    "database_url": _of_server(N_("Database"), N_("Where everything is stored.")),
    "database_direct_url": _of_server(
        N_("Database, past a pooler"), N_("For backups, upgrades and restores, where a pooler is in between.")
    ),
    "data_dir": _of_server(N_("Data folder"), N_("Where files lie that are not in the database.")),
    "secret_key": _of_server(N_("Key of sign-ins"), N_("Signs cookies and links.")),
    "encryption_keys": _of_server(
        N_("Encryption keys"), N_("Seal the tokens and passwords in the database.")
    ),
    "limits_url": _of_server(
        N_("Count of wrong passwords"), N_("A Redis or Valkey for it, instead of the database.")
    ),
    "public_url": Declaration(
        Group.ADVANCED, N_("Address of the desk"), N_("As browsers open it, such as https://desk.example.org")
    ),
    "trusted_proxies": Declaration(
        Group.ADVANCED,
        N_("Trusted proxies"),
        N_("Whose word on a visitor’s address counts, such as private_ranges, or 10.0.0.2, 192.168.7.0/24"),
    ),
    "square_environment": Declaration(Group.SQUARE, N_("Environment")),
    "square_access_token": Declaration(
        Group.SQUARE,
        N_("Access token"),
        N_(
            "Square Developer Console, your application, Credentials. Not needed where you connect with a button."
        ),
    ),
    "square_location_id": Declaration(Group.SQUARE, N_("Location"), N_("Whose sales count.")),
    "square_application_id": Declaration(
        Group.SQUARE, N_("Application ID"), N_("For connecting with a button (OAuth).")
    ),
    "square_application_secret": Declaration(
        Group.SQUARE, N_("Application secret"), N_("Empty: the connection is made without one (PKCE).")
    ),
    "square_webhook_url": Declaration(
        Group.SQUARE, N_("Notification URL"), N_("Empty: the address of the desk, and /square/webhooks.")
    ),
    "square_webhook_signature_key": Declaration(
        Group.SQUARE,
        N_("Signature key"),
        N_("Of the webhook subscription. Not needed where Coursekeeper made the subscription."),
    ),
    # Who could change it could have the token sent anywhere.
    "square_base_url": _of_server(N_("Square’s address"), N_("Another server with Square’s API.")),
    "client_languages": Declaration(
        Group.CLINIC, N_("Languages for clients"), N_("What the desk can choose for a client’s papers.")
    ),
    "check_in_screen": Declaration(
        Group.CHECK_IN,
        N_("Clients can check in on a screen"),
        N_(
            "The front desk turns an iPad or another browser into that screen, and leaves it with a PIN or password."
        ),
    ),
    "check_in_uses_session": Declaration(
        Group.CHECK_IN,
        N_("Checking in uses the session"),
        N_(
            "No: the desk uses it with one tap, once the client is treated. Yes: it is used when they check in."
        ),
    ),
    "book_appointments": Declaration(
        Group.APPOINTMENTS,
        N_("Book planned visits in Square Appointments"),
        N_("A saved plan is booked, moved and canceled there. It takes Appointments Plus or Premium."),
    ),
    "booking_team_member_id": Declaration(
        Group.APPOINTMENTS, N_("With"), N_("Whose free times count; the client sees the name.")
    ),
    "client_buys_again": Declaration(
        Group.ONLINE,
        N_("Clients can buy their package again"),
        N_(
            "On their private page and from e-mails: the same package at today’s price, by a Square payment link."
        ),
    ),
    "public_packages": Declaration(
        Group.ONLINE,
        N_("Public page of packages"),
        N_("Anyone sees the packages with price and terms, and can buy one by a Square payment link."),
    ),
    "review_url": Declaration(
        Group.ONLINE,
        N_("Address for reviews"),
        N_(
            "Where every client is asked to write one, if the e-mail “How was it?” is on. It begins with https://"
        ),
    ),
    "tip_links": Declaration(
        Group.ONLINE,
        N_("Clients can leave a tip"),
        N_("On their private page, an amount of their own choice. Never revenue of a course."),
    ),
    "letters_from_hour": Declaration(
        Group.LETTERS, N_("E-mails go out from, hour"), N_("Of the clinic’s clock, 0 to 23.")
    ),
    "letters_until_hour": Declaration(
        Group.LETTERS, N_("And until, hour"), N_("Later than that they wait for the next day; 1 to 24.")
    ),
    "letters_lapsed_weeks": Declaration(
        Group.LETTERS,
        N_("Weeks without a visit"),
        N_("After that a client with sessions left counts as not seen; 2 to 52."),
    ),
    "wallet_certificate": Declaration(
        Group.WALLET, N_("Pass certificate"), N_("Apple’s pass.cer as Base64 in one line: base64 < pass.cer")
    ),
    "wallet_private_key": Declaration(
        Group.WALLET, N_("Private key"), N_("The key of your request, PKCS#8 in DER, as Base64 in one line.")
    ),
    "wallet_intermediate": Declaration(
        Group.WALLET,
        N_("Apple’s intermediate certificate"),
        N_("The WWDR certificate that issued yours (AppleWWDRCAG4.cer), as Base64 in one line."),
    ),
    "google_wallet_issuer_id": Declaration(
        Group.WALLET, N_("Google’s issuer ID"), N_("From the Google Pay & Wallet Console: a number.")
    ),
    "google_wallet_account": Declaration(
        Group.WALLET,
        N_("Google’s service account"),
        N_("The whole JSON file of its key. It is tried at Google before it is saved."),
    ),
    "own_ratings": Declaration(
        Group.ANSWERS,
        N_("Clients can rate their own concerns"),
        N_(
            "Up to three concerns, 0 to 10, before a visit. Papers and pages draw what they rated. "
            "Each client may decline."
        ),
    ),
    "treatment_check": Declaration(
        Group.ANSWERS,
        N_("Check before the treatment"),
        N_(
            "Clients read your list of points and answer “none of these apply” or “ask me”. "
            "Which point is never stored."
        ),
    ),
    "treatment_check_before_use": Declaration(
        Group.ANSWERS,
        N_("Require the check before a session is used"),
        N_(
            "No: the answer is only shown. Yes: today’s session can be used only after the client has answered."
        ),
    ),
    "client_answer_days": Declaration(
        Group.RETENTION,
        N_("Days of clients’ answers"),
        N_("Their own ratings and checks are deleted after so many days; at least 31."),
    ),
    "course_agreements": Declaration(
        Group.AGREEMENTS,
        N_("Course agreements"),
        N_(
            "Offered: the desk can have one signed before a sale. Required: no sale begins at the desk without one."
        ),
    ),
    "change_of_mind": Declaration(
        Group.AGREEMENTS,
        N_("Period to change one’s mind"),
        N_("Stated in the agreement; a refund in it proposes all that was paid, less the sessions used."),
    ),
    "agreement_words_en": Declaration(
        Group.AGREEMENTS,
        N_("Illness, moving, closing: your words in English"),
        N_("In place of the standard words, at most 500 characters. Leave empty to use those."),
    ),
    "agreement_words_es": Declaration(
        Group.AGREEMENTS,
        N_("Illness, moving, closing: your words in Spanish"),
        N_("Leave empty to use the standard words."),
    ),
    "agreement_words_zh": Declaration(
        Group.AGREEMENTS,
        N_("Illness, moving, closing: your words in Chinese"),
        N_("Leave empty to use the standard words."),
    ),
    "mail_url": Declaration(Group.EMAIL, N_("Mail server")),
    "mail_from": Declaration(Group.EMAIL, N_("Sender"), N_("Such as Lotus Clinic <desk@example.org>")),
    "log_level": Declaration(
        Group.ADVANCED, N_("Log level"), N_("The least that is logged: debug, info, warning or error.")
    ),
    "metrics_token": Declaration(
        Group.ADVANCED,
        N_("Token for Prometheus"),
        N_("Who sends it may read /metrics; at least 20 characters. Empty: /metrics is off."),
    ),
    "alarm_emails": Declaration(
        Group.ALARMS, N_("Alarms by e-mail to"), N_("Addresses with commas in between. Empty: every owner.")
    ),
    "alarm_webhook_url": Declaration(
        Group.ALARMS,
        N_("Webhook"),
        N_("For a program: an https address that gets every alarm as JSON. Empty: none."),
    ),
    "alarm_webhook_secret": Declaration(
        Group.ALARMS,
        N_("Webhook secret"),
        N_("Alarms are signed with it (HMAC-SHA256), so that the receiver knows them."),
    ),
    "lock_after_minutes": Declaration(
        Group.ADVANCED,
        N_("Shared devices lock after, in minutes"),
        N_("Without a touch; 1 to 60. Then a PIN is asked for. Other devices do not lock."),
    ),
    "retention_days": Declaration(
        Group.RETENTION,
        N_("Days of finished work"),
        N_(
            "What came from Square and is handled, and tasks that are done, are deleted after so many days; at least"
            " 31. Courses, documents and the ledger are never deleted."
        ),
    ),
    "activity_days": Declaration(
        Group.RETENTION,
        N_("Days of the activity log"),
        N_(
            "Who did what and who opened whose data is deleted after so many days; at least 365. "
            "HIPAA asks for six years."
        ),
    ),
    "unused_years": Declaration(
        Group.RETENTION,
        N_("Years without activity"),
        N_(
            "Reports, Unused balances lists clients not seen for so many years, as your state’s law on unclaimed "
            "property has it; 0: all of them. Nothing is written off by itself."
        ),
    ),
    "backup_dir": Declaration(
        Group.BACKUPS, N_("Backup folder"), N_("Empty: backups in the data folder."), is_editable=False
    ),
    "backup_remote": Declaration(
        Group.BACKUPS,
        N_("Also send copies to"),
        N_(
            "A place that whoever runs the server has set up: s3:https://endpoint/bucket, rclone:remote:path or"
            " restic:repository. Empty: nowhere else."
        ),
    ),
    "backup_remote_key_id": Declaration(Group.BACKUPS, N_("Access key ID"), N_("Of the S3 bucket.")),
    "backup_remote_secret": Declaration(Group.BACKUPS, N_("Secret access key"), N_("Of the S3 bucket.")),
    "backup_remote_password": Declaration(
        Group.BACKUPS, N_("Repository password"), N_("Of the restic repository.")
    ),
    "update_check_url": Declaration(
        Group.ADVANCED,
        N_("Check for a new version at"),
        N_(
            "Empty: no check. An https address whose answer begins with the newest version; asked once a day."
        ),
    ),
}


def is_editable(name: str) -> bool:
    """Return whether a setting of this name may be stored in the database."""
    return name in DECLARED and DECLARED[name].is_editable


def is_secret(name: str) -> bool:
    """Return whether a setting is sealed in the database and never shown."""
    return Settings.model_fields[name].annotation is SecretStr


def names_of(group: Group) -> list[str]:
    """Return the settings of a page that may be changed there."""
    return [name for name, each in DECLARED.items() if each.group is group and each.is_editable]
