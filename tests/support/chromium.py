"""A headless Chromium, driven by a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE_S = 60
_ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,1100")


@contextmanager
def chromium(what: str) -> Iterator[webdriver.Chrome]:
    """Open a window; without the browser or its driver the test is skipped, naming `what` is not tested."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip(f"NOT TESTED: {what}, for chromium or chromedriver is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    with webdriver.Chrome(options, webdriver.ChromeService(driver)) as window:
        yield window


def found(window: webdriver.Chrome, selector: str) -> WebElement:
    """Wait for an element and return it."""
    return WebDriverWait(window, PATIENCE_S).until(lambda _: window.find_element(By.CSS_SELECTOR, selector))
