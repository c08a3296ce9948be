"""The API's pages: they try the API with one's session, and need nothing from elsewhere."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit


def open_operation(page: Page, name: str) -> None:
    """Unfold an operation and make its form ready."""
    block = page.locator(f"#operations-{name}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()


class TestThePages:
    def test_show_every_part_of_the_api_and_try_it_with_one_s_session(self, visit: Visit) -> None:
        visitor = visit("Viewer")
        page = visitor.page
        visitor.go("/api/docs")

        tags = page.locator(".opblock-tag-section h3 a")
        expect(tags).to_have_text(
            [
                "batch-jobs", "uploads", "documents", "batches", "crp-cpc", "schedules",
                "ami-operational", "alerts",
            ]
        )  # fmt: skip
        expect(page.locator(".opblock")).not_to_have_count(0)

        open_operation(page, "batch-jobs-get_batch_jobs")

        with page.expect_response("**/api/batch-jobs?**") as told:
            page.get_by_role("button", name="Execute").click()
        assert told.value.status == 200
        assert told.value.json()["success"] is True

    def test_try_a_move_with_the_token_that_proves_it_came_from_here(self, visit: Visit) -> None:
        visitor = visit("Operator")
        page = visitor.page
        visitor.expected_statuses.add(404)
        visitor.go("/api/docs")
        open_operation(page, "batch-jobs-post_batch_jobs_name_cancel")
        page.get_by_placeholder("name").fill("nosuch")

        with page.expect_response("**/cancel") as told:
            page.get_by_role("button", name="Execute").click()

        # Without the token it would be 403.
        assert (told.value.status, told.value.json()["error"]) == (404, "job_not_found")

    def test_are_reached_from_the_menu(self, visit: Visit) -> None:
        visitor = visit("Viewer")
        visitor.go("/admin/")

        visitor.page.get_by_role("link", name="API", exact=True).click()

        expect(visitor.page).to_have_title("BatchOps API")

    def test_are_not_for_strangers(self, visit: Visit) -> None:
        visitor = visit(None)
        visitor.expected_statuses.add(401)

        answer = visitor.go("/api/docs")

        assert answer.status == 401
        assert answer.json()["error"] == "not_authenticated"
