"""What watchbill costs, beside what a user would pick instead: `make bench`."""
