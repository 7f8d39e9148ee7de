"""Find personal data: detectors, mergeable column profiles, the classifier and the engines that run them."""
