import "@acme/model/worker";
