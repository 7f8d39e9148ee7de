"""What the demo's staff read in an ordinary week, and what some of them try and may not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habit:
    """A statement that somebody runs again and again for a purpose."""

    who: str
    """The principal."""
    purpose: str
    """Why."""
    statement: str
    """SQL; `:number` is some customer's number."""
    times_a_week: int = 0
    """How often."""


_CARD = "SELECT name, email, phone, city, tier FROM customers WHERE id >= :number ORDER BY id LIMIT 1"
_TICKETS = "SELECT id, subject, status, opened_at FROM tickets WHERE customer_id = :number ORDER BY opened_at"
_OPEN = "SELECT id, subject, priority FROM tickets WHERE status = 'open' ORDER BY priority, id LIMIT 20"
_PATIENT = "SELECT id, name, phone, birth_date FROM customers WHERE id >= :number ORDER BY id LIMIT 1"
_VISITS = "SELECT visit_date, department FROM clinic_visits WHERE customer_id >= :number ORDER BY customer_id LIMIT 3"
_MAILING = "SELECT name, email FROM customers WHERE email IS NOT NULL"
_LEADS = "SELECT xm, email FROM marketing_contacts WHERE email IS NOT NULL"
_SALES = "SELECT currency, count(*), sum(amount) FROM orders GROUP BY currency ORDER BY currency"
_TIERS = "SELECT country, tier, count(*) FROM customers GROUP BY country, tier"
_REFUND = "SELECT account FROM refund_accounts WHERE customer_id >= :number ORDER BY customer_id LIMIT 1"
_FLAGS = "SELECT consent_flag, count(*) FROM marketing_contacts GROUP BY consent_flag"

HABITS = (
    Habit("alice", "support", _CARD, 6),
    Habit("alice", "support", _TICKETS, 4),
    Habit("chen", "support", _CARD, 8),
    Habit("chen", "support", _OPEN, 3),
    Habit("ivy", "support", _CARD, 2),
    Habit("mei", "care", _PATIENT, 5),
    Habit("mei", "care", _VISITS, 5),
    Habit("tom", "marketing.email", _MAILING, 1),
    Habit("lin", "marketing.email", _LEADS, 1),
    Habit("ana", "analytics", _SALES, 2),
    Habit("ana", "analytics", _TIERS, 1),
    Habit("kim", "refunds", _REFUND, 2),
    Habit("dora", "oversight", _FLAGS, 1),
)
"""The work of a week."""

TEMPTATIONS = (
    Habit("tom", "marketing.email", "SELECT customer_id FROM clinic_visits WHERE diagnosis LIKE '%diabet%'"),
    Habit("tom", "support", "SELECT name, phone FROM customers"),
    Habit("lin", "marketing.email", "SELECT name, email FROM customers WHERE clinic"),
    Habit("alice", "support", "SELECT account FROM refund_accounts WHERE customer_id = :number"),
    Habit("alice", "support", "SELECT contact, partner FROM v_customer_contact"),
    Habit("ivy", "support", "SELECT national_id FROM customers WHERE id = :number"),
    Habit("ivy", "support", "SELECT body FROM tickets WHERE customer_id = :number"),
    Habit("ana", "analytics", "SELECT diagnosis, count(*) FROM clinic_visits GROUP BY diagnosis"),
    Habit("ana", "analytics", "SELECT name, load_extension('x') FROM customers"),
    Habit("chen", "support", "DELETE FROM tickets WHERE status = 'open'"),
    Habit("mei", "marketing.email", "SELECT email FROM customers"),
)
"""Each tried once; every one of them is refused and recorded."""
