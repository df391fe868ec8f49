from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "apps.leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        from apps.contacts import timeline as of_contacts
        from apps.leads import receivers, timeline
        from apps.quizzes.signals import response_finished

        response_finished.connect(
            receivers.response_was_finished, dispatch_uid="leads.response_was_finished"
        )
        for source in (timeline.transitions, timeline.enrolments, timeline.messages):
            of_contacts.register(source)
