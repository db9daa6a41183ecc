"""What the cluster consists of, built once and kept in a cache outside the checkout.

build          fills the cache with what is missing
cache          where things are kept, by the hash of the files that pin their versions
programs       builds Kubernetes and etcd from Go modules
definitions    collects the resource definitions of the operators that the manifests name
"""
