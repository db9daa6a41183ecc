"""etcd, API server, controller manager and scheduler, without leader election or TLS between them and etcd.

control_plane    starts them, and stops them after the block
credentials      certificates, keys, tokens and kubeconfigs of one cluster
api              a small client of the API, for what kubectl is too slow or too coarse for
kubectl          kubectl with the cluster's configuration
simulated_nodes  nodes that run nothing, and the status of pods that are assigned to them
"""
