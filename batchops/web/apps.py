from django.contrib.admin.apps import AdminConfig


class BatchOpsAdminConfig(AdminConfig):
    default_site = "batchops.web.admin_site.ConsoleSite"

    def ready(self) -> None:
        from batchops.web.reports import sending

        super().ready()
        sending.register_duties()
