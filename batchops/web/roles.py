"""List the four roles and what each may do; every role may do what the one before it may."""

VIEWER = (
    "alerts.view_alert",
    "batchops.view_health",
    "jobs.view_job",
    "jobs.view_schedule",
    "monitoring.view_poll",
    "monitoring.view_run",
    "monitoring.view_step",
)
OPERATOR = (
    *VIEWER,
    "alerts.acknowledge_alert",
    "alerts.retry_delivery",
    "alerts.view_delivery",
    "jobs.start_job",
    "jobs.cancel_job",
    "jobs.retry_job",
    "jobs.work_job",
    "jobs.view_customer",
    "monitoring.poll_ccb",
)
SUPERVISOR = (
    *OPERATOR,
    "alerts.resolve_alert",
    "jobs.prioritise_job",
    "jobs.add_schedule",
    "jobs.change_schedule",
    "monitoring.change_step",
    "monitoring.change_monitoringconfig",
    "monitoring.view_monitoringconfig",
    "monitoring.add_rulesetting",
    "monitoring.change_rulesetting",
    "monitoring.delete_rulesetting",
    "monitoring.view_rulesetting",
)
ADMINISTRATOR = (
    *SUPERVISOR,
    "alerts.add_channel",
    "alerts.change_channel",
    "alerts.view_channel",
    "batchops.add_user",
    "batchops.change_user",
    "batchops.view_user",
    "batchops.add_apitoken",
    "batchops.change_apitoken",
    "batchops.view_apitoken",
    "auth.view_group",
    "jobs.add_jobwatch",
    "jobs.change_jobwatch",
    "jobs.delete_jobwatch",
    "jobs.view_jobwatch",
)
ROLES = {
    "Viewer": VIEWER,
    "Operator": OPERATOR,
    "Supervisor": SUPERVISOR,
    "Administrator": ADMINISTRATOR,
}
