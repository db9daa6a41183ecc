import axios from 'axios';
import { useStore } from './useStore';

export const apiClient = axios.create({ baseURL: '/' });

apiClient.interceptors.request.use((config) => {
  const { user } = useStore.getState();
  if (user) config.headers.Authorization = `Bearer ${user.id}`;
  return config;
});
