;; Imports a version of the contract that this host does not have.
(component
  (import "strongroom:plugin/files@0.2.0" (instance
    (export "tree" (type (sub resource))))))
