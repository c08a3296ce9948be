from django.contrib.admin.apps import AdminConfig


class BatchOpsAdminConfig(AdminConfig):
    default_site = "batchops.web.admin_site.ConsoleSite"
