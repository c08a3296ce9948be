"""Store what each bill-stop job found; only jobs.types.bill_stop.lifecycle writes it."""

from decimal import Decimal

from django.db import models

from jobs.models import Job


class BillStopSnapshot(models.Model):
    """What one job found, in figures; its lists are removed long before."""

    job = models.OneToOneField(
        Job, on_delete=models.CASCADE, primary_key=True, related_name="bill_stop"
    )
    # By the source's clock when the first range was read; all others are judged by the same.
    as_of_date = models.DateField(null=True)
    counts_from_date = models.DateField(null=True, help_text="Billed on this day or later: active.")
    summary_count = models.IntegerField(default=0)
    details_count = models.IntegerField(default=0)
    login_refused = models.BooleanField(default=False)
    lists_removed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"bill stop of job {self.job_id}"


class BillStopCrp(models.Model):
    """One CRP in a snapshot: how many connections it has, and how many are not billed."""

    snapshot = models.ForeignKey(
        BillStopSnapshot, on_delete=models.CASCADE, related_name="crps", db_index=False
    )
    crp_account_no = models.CharField(max_length=254)
    total = models.IntegerField()
    stopped = models.IntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("snapshot", "crp_account_no", name="bill_stop_crp_once"),
            models.CheckConstraint(
                name="bill_stop_crp_adds_up",
                condition=models.Q(stopped__gte=0, total__gte=models.F("stopped")),
            ),
        ]

    def __str__(self) -> str:
        return self.crp_account_no

    @property
    def active(self) -> int:
        return self.total - self.stopped

    @property
    def stopped_pct(self) -> float:
        """Return the share of connections that are not billed, in percent."""
        return 100 * self.stopped / self.total if self.total else 0.0


class BillStopConnection(models.Model):
    """One connection (CPC) in a snapshot. Name, address and phone are personal data."""

    id = models.BigAutoField(primary_key=True)
    snapshot = models.ForeignKey(
        BillStopSnapshot, on_delete=models.CASCADE, related_name="connections", db_index=False
    )
    sa_id = models.CharField(max_length=10)
    crp_account_no = models.CharField(max_length=254)
    cpc_customer_no = models.CharField(max_length=254)
    meter_no = models.CharField(max_length=120)
    customer_name = models.CharField(max_length=254)
    address = models.TextField()
    phone_no = models.CharField(max_length=254)
    nocs_name = models.CharField(max_length=60)
    sa_status_desc = models.CharField(max_length=60)
    last_bill_date = models.DateField(null=True)
    days_since_bill = models.IntegerField(null=True)
    is_stopped = models.BooleanField()
    reason = models.CharField(max_length=24)
    balance_cents = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        permissions = [("view_customer", "Can see customers' names, addresses and phones")]
        constraints = [
            # Also how a range that is read again finds what it wrote before.
            models.UniqueConstraint("snapshot", "sa_id", name="bill_stop_connection_once"),
        ]
        indexes = [
            # queries.connections: of a snapshot or of one CRP, in their order.
            models.Index(
                "snapshot", "crp_account_no", "cpc_customer_no", "id", name="bill_stop_of_crp"
            ),
        ]

    def __str__(self) -> str:
        return self.cpc_customer_no

    @property
    def balance(self) -> Decimal:
        """Return what is owed, negative what is left of what was paid."""
        return Decimal(self.balance_cents) / 100
