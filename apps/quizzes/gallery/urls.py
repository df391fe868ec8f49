from django.urls import path

from apps.quizzes.gallery import views

app_name = "gallery"
urlpatterns = [
    path("templates/", views.gallery, name="gallery"),
    path("templates/<slug:name>/use/", views.use, name="use"),
    path("import/", views.import_quiz, name="import"),
    path("quiz/<int:pk>/report/", views.report, name="report"),
    path("quiz/<int:pk>/export/", views.export, name="export"),
    path("quiz/<int:pk>/duplicate/", views.duplicate, name="duplicate"),
]
