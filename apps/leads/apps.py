from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "apps.leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        from apps.contacts import timeline as of_contacts
        from apps.contacts.signals import contacts_merged
        from apps.leads import receivers, timeline
        from apps.quizzes.signals import response_finished, responses_rescored

        response_finished.connect(
            receivers.response_was_finished, dispatch_uid="leads.response_was_finished"
        )
        responses_rescored.connect(
            receivers.responses_were_rescored, dispatch_uid="leads.responses_were_rescored"
        )
        contacts_merged.connect(
            receivers.contacts_were_merged, dispatch_uid="leads.contacts_were_merged"
        )
        for source in (timeline.transitions, timeline.enrolments, timeline.messages):
            of_contacts.register(source)
