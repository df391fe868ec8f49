from django.urls import path

from apps.quizzes.studio import acts, rule_views, views

app_name = "studio"
urlpatterns = [
    path("<int:pk>/", views.studio, name="studio"),
    path("<int:pk>/settings/", views.settings, name="settings"),
    path("<int:pk>/tiers/", views.tiers, name="tiers"),
    path("<int:pk>/endings/", views.endings, name="endings"),
    path("<int:pk>/add/", acts.add, name="add"),
    path("<int:pk>/arrange/", acts.arrange, name="arrange"),
    path("<int:pk>/publish/", acts.publish, name="publish"),
    path("<int:pk>/questions/<int:question>/", views.question, name="question"),
    path("<int:pk>/questions/<int:question>/shown-if/", rule_views.shown_if, name="shown_if"),
    path("<int:pk>/questions/<int:question>/jumps/new/", rule_views.jump, name="new_jump"),
    path("<int:pk>/questions/<int:question>/jumps/<int:jump>/", rule_views.jump, name="jump"),
    path(
        "<int:pk>/questions/<int:question>/jumps/arrange/", rule_views.arrange, name="arrange_jumps"
    ),
    path("<int:pk>/tiers/<int:tier>/override/", rule_views.override, name="override"),
    path("<int:pk>/revisions/", acts.revisions, name="revisions"),
    path("<int:pk>/revisions/<int:number>/return/", acts.return_to, name="return"),
]
