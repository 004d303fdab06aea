"""The page of the statements as finance staff meet it: `serve` in a process of its own, and a real browser."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as until
from selenium.webdriver.support.wait import WebDriverWait

from obole.web.serve import AddressNotFree, NoMainFile, prepare

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SERVE = "import sys; from pathlib import Path; from obole.web.serve import serve; serve(Path(sys.argv[1]), port=0)"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
    "--lang=en-GB",
)

needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium and chromedriver here"),
]


@pytest.fixture
def address(hand_books: Path) -> Iterator[str]:
    """The books on a port that was free; the process says which."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(hand_books)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        said = process.stdout.readline()
        yield re.search(r"http://[\d.:]+", said).group()
        process.terminate()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    errors = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    driver.quit()
    assert errors == []


def wait(browser: webdriver.Chrome) -> WebDriverWait:
    return WebDriverWait(browser, 20)


def open_statements(browser: webdriver.Chrome, address: str, query: str = "lang=fr&year=2025") -> None:
    browser.get(f"{address}/fondation-exemple/extension/Statements/?{query}")
    # The button speaks only once the script has come.
    wait(browser).until(lambda driver: driver.find_element(By.CSS_SELECTOR, "[data-expand]").get_attribute("data-next"))


def rubric(browser: webdriver.Chrome, label: str) -> WebElement:
    return browser.find_element(By.XPATH, f"//table[contains(@class, 'statements')]//button[text()='{label}']")


def figures(row: WebElement) -> list[str]:
    """The amounts of a row, without their grouping."""
    cells = row.find_elements(By.CSS_SELECTOR, "td.amount")
    return [re.sub(r"(?<=\d)[.,\s](?=\d{3})", "", cell.text) for cell in cells]


def row_of(element: WebElement) -> WebElement:
    return element.find_element(By.XPATH, "./ancestor::tr")


def accounts_of(browser: webdriver.Chrome, button: WebElement) -> list[WebElement]:
    body = browser.find_element(By.ID, button.get_attribute("aria-controls"))
    return [row for row in body.find_elements(By.TAG_NAME, "tr") if row.is_displayed()]


class TestInABrowser:
    pytestmark = needs_browser

    def test_the_books_open_on_the_statements_of_both_years(self, browser: webdriver.Chrome, address: str):
        browser.get(address)
        wait(browser).until(until.url_contains("/extension/Statements/"))
        wait(browser).until(until.presence_of_element_located((By.CSS_SELECTOR, "table.statements")))
        assert figures(row_of(rubric(browser, "Gifts in money"))) == ["50000", "40000"]
        assert figures(row_of(rubric(browser, "Cash at bank and in hand"))) == ["157000", "125000"]
        assert browser.find_elements(By.CSS_SELECTOR, ".checks .holds")
        assert not browser.find_elements(By.CSS_SELECTOR, ".checks .fails")

    def test_a_rubric_opens_on_its_accounts_and_each_leads_to_favas_page(self, browser: webdriver.Chrome, address: str):
        open_statements(browser, address)
        cash = rubric(browser, "Valeurs disponibles")
        assert accounts_of(browser, cash) == []
        cash.click()
        assert cash.get_attribute("aria-expanded") == "true"
        current, gifts = accounts_of(browser, cash)
        assert figures(current) == ["66999,50", "84999,50"]
        assert figures(gifts) == ["90000,65", "40000,25"]

        gifts.find_element(By.TAG_NAME, "a").click()
        wait(browser).until(until.url_contains("/account/Assets:55-"))
        assert "time=2025" in browser.current_url
        wait(browser).until(until.text_to_be_present_in_element((By.TAG_NAME, "article"), "Dons du trimestre"))

    def test_the_keyboard_opens_a_rubric_too(self, browser: webdriver.Chrome, address: str):
        open_statements(browser, address)
        gifts = rubric(browser, "Dons en espèces")
        gifts.send_keys(Keys.ENTER)
        assert len(accounts_of(browser, gifts)) == 1
        gifts.send_keys(Keys.SPACE)
        assert accounts_of(browser, gifts) == []

    def test_all_rubrics_open_and_close_at_once(self, browser: webdriver.Chrome, address: str):
        open_statements(browser, address)
        every = browser.find_element(By.CSS_SELECTOR, "[data-expand]")
        hidden = "tbody.accounts[hidden]"
        assert every.text == "Déplier tout"
        every.click()
        assert every.text == "Replier tout"
        assert browser.find_elements(By.CSS_SELECTOR, hidden) == []
        every.click()
        assert browser.find_elements(By.CSS_SELECTOR, "tbody.accounts:not([hidden])") == []

    def test_the_language_changes_and_what_was_open_stays_open(self, browser: webdriver.Chrome, address: str):
        open_statements(browser, address)
        rubric(browser, "Dons en espèces").click()
        browser.find_element(By.LINK_TEXT, "Nederlands").click()
        wait(browser).until(until.text_to_be_present_in_element((By.CSS_SELECTOR, "h3.statement"), "Balans"))
        gifts = rubric(browser, "Giften in geld")
        wait(browser).until(lambda _: accounts_of(browser, gifts))
        assert figures(row_of(gifts)) == ["50000", "40000"]
        assert "Gifts in money" not in browser.page_source.split("ledger-data")[0]

    def test_the_year_changes(self, browser: webdriver.Chrome, address: str):
        open_statements(browser, address)
        browser.find_element(By.LINK_TEXT, "2024").click()
        wait(browser).until(until.url_contains("year=2024"))
        wait(browser).until(lambda driver: figures(row_of(rubric(driver, "Dons en espèces"))) == ["40000"])

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_light_and_dark_are_legible(self, browser: webdriver.Chrome, address: str, scheme: str):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        open_statements(browser, address)
        rubric(browser, "Valeurs disponibles").click()
        background = luminance(browser, browser.find_element(By.TAG_NAME, "body"), "background-color")
        assert background > 0.8 if scheme == "light" else background < 0.2
        texts = browser.find_elements(By.CSS_SELECTOR, ".statements :is(th, td, button, a), .checks p, .title h2")
        faint = [text.text for text in texts if contrast(luminance(browser, text, "color"), background) < 4.5]
        assert faint == []

    def test_paper_shows_the_statements_alone(self, browser: webdriver.Chrome, address: str):
        open_statements(browser, address)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        assert browser.find_element(By.CSS_SELECTOR, "table.statements").is_displayed()
        for hidden in ("aside", "body > header", ".obole .bar"):
            assert not any(part.is_displayed() for part in browser.find_elements(By.CSS_SELECTOR, hidden)), hidden


def luminance(browser: webdriver.Chrome, element: WebElement, property_name: str) -> float:
    """Relative luminance of an element's colour (WCAG 2.2)."""
    colour = browser.execute_script(
        "return getComputedStyle(arguments[0]).getPropertyValue(arguments[1])", element, property_name
    )
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    """Contrast ratio of two luminances (WCAG 2.2); 4.5 is what text needs at least."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def test_a_folder_without_books_is_said_with_the_remedy(tmp_path: Path):
    with pytest.raises(NoMainFile, match="obole init"):
        prepare(tmp_path, "127.0.0.1", 0)


def test_a_port_in_use_is_said_with_the_remedy(hand_books: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AddressNotFree, match=rf":{port}: .*another program.*--port"):
            prepare(hand_books, "127.0.0.1", port)
