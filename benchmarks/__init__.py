"""The measurements that we publish; ``python -m benchmarks`` lists them."""
