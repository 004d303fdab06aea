"""The receipt commands on one set of books."""
