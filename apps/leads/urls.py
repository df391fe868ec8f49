from django.urls import path

from apps.leads import views

app_name = "leads"
urlpatterns = [
    path("", views.lead_list, name="list"),
    path("<int:pk>/", views.lead_detail, name="detail"),
    path("<int:pk>/stage/", views.lead_stage, name="stage"),
    path("<int:pk>/owner/", views.lead_owner, name="owner"),
    path("<int:pk>/why/", views.lead_why_chosen, name="why-chosen"),
    path("<int:pk>/why/<slug:slug>/", views.lead_why, name="why"),
]
