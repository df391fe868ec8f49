from django.apps import AppConfig
from django.contrib.admin import apps as admin


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = "Staff"
    default = True


class StaffAdminConfig(admin.AdminConfig):
    """Django's admin with our site: our sign-in, our front page, our name."""

    default = False
    default_site = "apps.accounts.site.StaffSite"
